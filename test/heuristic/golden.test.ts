import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type Genome, type GenomeModality, genomeOf, memberOf } from '../../server/models/heuristic/genome.ts';
import { renderProgram } from '../../server/models/heuristic/render/program.ts';
import { problems, profiles } from '../../server/models/heuristic/samples.test-data.ts';

/** A change of the renderer shows as a change of these files: read them as a person would. `UPDATE_GOLDEN=1` rewrites them. */
const genomes: Record<GenomeModality, Genome> = {
  tabular: genomeOf(
    'tabular',
    [
      memberOf('tabular', 'hist-gb', { ratios: 'ratios' }),
      memberOf('tabular', 'linear', { words: 'words', numbers: 'splines' }),
    ],
    { folds: 5, target: 'log1p' },
  ),
  image: genomeOf('image', [memberOf('image', 'svm', { shifts: 'shift-4' })]),
  text: genomeOf('text', [memberOf('text', 'linear-svm', { characters: '2-5', stems: 'suffixes' })], {
    adjust: 'class-offsets',
  }),
  'time-series': genomeOf('time-series', [
    memberOf('time-series', 'hist-gb', { halfLife: 4 }),
    memberOf('time-series', 'smoothing'),
  ]),
};

describe('rendered programs', () => {
  for (const [modality, genome] of Object.entries(genomes)) {
    it(`read as the golden file for ${modality}`, async () => {
      const at = path.join(import.meta.dirname, 'golden', `${modality}.py`);
      const program = renderProgram(genome, problems[genome.modality], profiles[genome.modality]);
      if (process.env.UPDATE_GOLDEN === '1') await writeFile(at, program);
      assert.equal(program, await readFile(at, 'utf8'));
    });
  }
});
