import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crossings, weightsInLog } from './crossover.ts';
import { draftsFor } from './drafts.ts';
import type { ProblemKind } from './genes/gene.ts';
import {
  type Genome,
  type GenomeModality,
  genomeComment,
  genomeKey,
  genomeOf,
  memberOf,
  readGenome,
  repairGenome,
} from './genome.ts';
import { movesFrom } from './moves.ts';
import { Random } from './random.ts';
import { renderProgram } from './render/program.ts';
import { mostRepairs, repair, shrink } from './repair.ts';
import { housingProfile, problems, profiles } from './samples.test-data.ts';
import { merged } from './screening.ts';

const modalities: GenomeModality[] = ['tabular', 'image', 'text', 'time-series'];

function assertValid(genome: Genome, kind: ProblemKind): void {
  const again = readGenome(genomeComment(genome), kind);
  assert.notEqual(again, null);
  if (again !== null)
    assert.equal(genomeKey(again), genomeKey(genome), 'a valid genome is unchanged by reading it back');
}

describe('genome', () => {
  it('stays valid through 300 random moves, repairs and crossings of each modality', () => {
    for (const modality of modalities) {
      const problem = problems[modality];
      const profile = profiles[modality];
      const random = new Random(7);
      const drafts = draftsFor(modality, 0, problem, profile, random);
      let genome = drafts[0]?.genome ?? genomeOf(modality, [memberOf(modality, 'linear')]);
      let other = draftsFor(modality, 1, problem, profile, random)[0]?.genome ?? genome;
      for (let round = 0; round < 300; round += 1) {
        const move = random.pick(movesFrom(genome, problem, profile, random));
        assert.ok(move !== undefined, `${modality} has a move in round ${round}`);
        assert.notEqual(genomeKey(move.genome), genomeKey(genome), `${move.label} changes something`);
        assertValid(move.genome, problem.kind);
        if (round % 10 === 0) {
          const cross = random.pick(
            crossings({ id: 1, genome, weights: [] }, { id: 2, genome: other, weights: [] }, profile),
          );
          if (cross !== undefined) assertValid(cross.genome, problem.kind);
          other = move.genome;
        }
        if (round % 25 === 0) assertValid(shrink(move.genome), problem.kind);
        genome = move.genome;
        const program = renderProgram(genome, problem, profile);
        const long = program.split('\n').filter((line) => line.length > 120 && !line.startsWith('#   {'));
        assert.deepEqual(long, [], 'a program has no line of more than 120 columns');
        for (const odd of ['undefined', 'NaN)', '[object', '\n\n\n\n'])
          assert.ok(!program.includes(odd), `${odd} in a program`);
      }
    }
  });

  it('becomes valid whatever somebody has written into the comment of a program', () => {
    const raw = {
      v: 1,
      modality: 'tabular',
      members: [
        { family: 'hist-gb', genes: { learningRate: 'quick', leaves: 1e9, categories: 'codes; import os' } },
        { family: 'rm -rf' },
        { family: 'naive-bayes' },
      ],
      program: { folds: Number.NaN, target: 'log1p' },
    };
    const genome = repairGenome(raw, 'regression');
    assert.ok(genome !== null);
    assert.deepEqual(
      genome.members.map(({ family }) => family),
      ['hist-gb'],
      'unknown families fall away, and naive Bayes cannot do regression',
    );
    assert.equal(genome.members[0].genes.leaves, 64);
    assert.equal(genome.members[0].genes.categories, 'codes');
    assert.equal(genome.program.folds, 1);
  });

  it('is null for programs without one, or with one that is no JSON', () => {
    assert.equal(readGenome('print("hello")', 'regression'), null);
    assert.equal(readGenome('# aira-genome-begin\n# {"v":1,\n# aira-genome-end\n', 'regression'), null);
    assert.equal(repairGenome({ v: 2, modality: 'tabular', members: [] }, 'regression'), null);
  });

  it('keeps at most four members of a union, the heaviest', () => {
    const a = genomeOf('tabular', [
      memberOf('tabular', 'hist-gb'),
      memberOf('tabular', 'linear'),
      memberOf('tabular', 'knn'),
    ]);
    const b = genomeOf('tabular', [memberOf('tabular', 'mlp'), memberOf('tabular', 'extra-trees')]);
    const [union] = crossings(
      { id: 1, genome: a, weights: [0.9, 0.1, 0] },
      { id: 2, genome: b, weights: [0.5, 0.5] },
      housingProfile,
    );
    assert.deepEqual(
      union?.genome.members.map(({ family }) => family),
      ['hist-gb', 'mlp', 'extra-trees', 'linear'],
    );
  });

  it('reads the weights of members from the log of a run', () => {
    const log = '[   5.5 s] weights: hist-gb 0.97, hist-gb 2 0.03\n[   5.5 s] local holdout rmsle=0.08779\n';
    assert.deepEqual(weightsInLog(log), [0.97, 0.03]);
    assert.deepEqual(weightsInLog('nothing'), []);
  });

  it('merges two changes only where they touch different things', () => {
    const base = genomeOf('tabular', [memberOf('tabular', 'hist-gb')]);
    const slower = genomeOf('tabular', [memberOf('tabular', 'hist-gb', { learningRate: 0.02 })]);
    const faster = genomeOf('tabular', [memberOf('tabular', 'hist-gb', { learningRate: 0.2 })]);
    const wider = genomeOf('tabular', [memberOf('tabular', 'hist-gb', { leaves: 64 }), memberOf('tabular', 'linear')], {
      folds: 5,
    });
    const both = merged(base, slower, wider);
    assert.equal(both?.members[0].genes.learningRate, 0.02);
    assert.equal(both?.members[0].genes.leaves, 64);
    assert.equal(both?.members[1]?.family, 'linear');
    assert.equal(both?.program.folds, 5);
    assert.equal(merged(base, slower, faster), null);
  });
});

describe('repair', () => {
  const problem = problems.tabular;
  const genome = genomeOf(
    'tabular',
    [
      memberOf('tabular', 'svm', { numbers: 'log', ratios: 'ratios' }),
      memberOf('tabular', 'hist-gb', { categories: 'codes', iterations: 700 }),
    ],
    { folds: 8, target: 'log1p' },
  );

  it('changes what each known symptom points at', () => {
    const cases: [output: string, expect: (mended: Genome) => boolean][] = [
      ['AIRA-EXIT program 124', (mended) => mended.members.length === 1 && Number(mended.program.folds) < 8],
      [
        'numpy._core._exceptions._ArrayMemoryError: Unable to allocate 64.0 GiB',
        (mended) => mended.members.every((member) => member.genes.categories === 'target-mean'),
      ],
      ['ValueError: Input X contains NaN.', (mended) => mended.members[0].genes.numbers === 'standard'],
      [
        "ValueError: Found unknown categories ['x'] in column 0",
        (mended) => mended.members[0].genes.categories === 'target-mean',
      ],
      [
        "ValueError: could not convert string to float: 'red'",
        (mended) => mended.members[1]?.genes.categories === 'one-hot',
      ],
      [
        'ValueError: The least populated class in y has only 1 members',
        (mended) => mended.program.folds === 1 && mended.members.length === 1,
      ],
      [
        "ModuleNotFoundError: No module named 'sklearn.frozen'\n  in svm",
        (mended) => mended.members.every(({ family }) => family !== 'svm'),
      ],
    ];
    for (const [output, expect] of cases) {
      const { genome: mended } = repair(genome, problem, output);
      assert.ok(expect(mended), `${output} → ${JSON.stringify(mended)}`);
      assertValid(mended, problem.kind);
    }
  });

  it('ends at the constant answer when every mending fails, in a bounded number of steps', () => {
    let current = genome;
    for (let attempt = 0; attempt < mostRepairs; attempt += 1) {
      current = repair(current, problem, 'SomeError: who knows', attempt).genome;
      assertValid(current, problem.kind);
    }
    assert.deepEqual(
      current.members.map(({ family }) => family),
      ['constant'],
    );
  });
});
