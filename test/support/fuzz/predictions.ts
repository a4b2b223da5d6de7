/**
 * Predictions files that hostile or broken programs may write, through the real scoring process: every one gets a verdict, and
 * the process that holds the answers lives on.
 */
import { gzipSync } from 'node:zlib';
import {
  DamagedPredictionsError,
  PredictionsTooLargeError,
  unpackPredictions,
} from '../../../server/evaluation/predictionsStore.ts';
import { Scorer } from '../../../server/evaluation/scorer.ts';
import { classes, labelled, regression } from '../../evaluation/scorerBench.ts';
import { answersOf, makeToyTask, python, type ToyOptions } from '../../evaluation/toyTask.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { FuzzTarget } from './fuzz.ts';
import { damagedBytes, damagedText, noise } from './mutation.ts';

const probabilities: ToyOptions = {
  answers: answersOf(150, (row) => ({ y: classes[((row * 37) % 101) % 3] ?? 'a' })),
  columns: [
    { name: 'id', role: 'id', dtype: 'string' },
    ...classes.map((name) => ({ name, role: 'value' as const, dtype: 'float' as const, min: 0, max: 1 })),
  ],
  prediction: { row_sum: 1 },
  metric: { name: 'log-loss', direction: 'minimize', bounds: [0, null], impl: { builtin: 'log_loss' } },
};

const oddCells = [
  ...[
    '',
    ' ',
    'nan',
    'NaN',
    'inf',
    '-Infinity',
    '1e400',
    '-1e-400',
    '1e309',
    '0x10',
    '1_000',
    '1,5',
    '1.',
    '.5',
    '+1',
    '--1',
  ],
  ...[
    '٣',
    '１',
    'True',
    'None',
    '"',
    '""',
    '"a',
    "'1'",
    '1;2',
    '=1+1',
    '\\N',
    '1e',
    'e5',
    '9'.repeat(400),
    '0'.repeat(70_000),
  ],
  ...['1e100', '-1e100', '1.7976931348623157e308', '4.9e-324', 'a', 'b', 'r000', '0.1 ', '\t1', '1\r', '"1\n2"'],
];
const magic = [
  'PK\u0003\u0004',
  '\u001f\u008b',
  '\u0080\u0005',
  '\u0093NUMPY',
  'PAR1',
  '\u00ff\u00fe',
  '\u00ef\u00bb\u00bf',
  '{"',
  '[',
];

interface Scored {
  scorer: Scorer;
  pid: number;
  rows: string[][];
}

/** A file that is valid: the answers themselves, or the certainty of them. */
function validRows(options: ToyOptions): string[][] {
  const columns = (options.columns ?? []).filter(({ role }) => role === 'value').map(({ name }) => name);
  const isSpread = columns.length > 1;
  const header = ['id', ...(isSpread ? columns : ['y'])];
  return [
    header,
    ...options.answers.map(({ id, y }) => [
      id,
      ...(isSpread ? columns.map((name) => (name === y ? '1' : '0')) : [String(y)]),
    ]),
  ];
}

/** A valid file, or one with a few cells, rows or columns wrong. */
function damagedTable(rows: readonly string[][], random: SeededRandom): string {
  const table = rows.map((row) => [...row]);
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    const at = random.between(0, table.length - 1);
    const row = table[at] ?? [];
    switch (random.between(0, 6)) {
      case 0:
        table.splice(at, 1);
        break;
      case 1:
        table.splice(random.between(0, table.length), 0, [...row]);
        break;
      case 2:
        row.push(random.pick(oddCells));
        break;
      case 3:
        row.pop();
        break;
      case 4:
        table.push(...Array.from({ length: random.chance(0.02) ? 5000 : 3 }, () => [...row]));
        break;
      default:
        row[random.between(0, Math.max(0, row.length - 1))] = random.pick(oddCells);
    }
  }
  const ordered = random.chance(0.3) ? [table[0] ?? [], ...random.shuffled(table.slice(1))] : table;
  return (
    ordered.map((row) => row.join(',')).join(random.chance(0.1) ? '\r\n' : '\n') + (random.chance(0.9) ? '\n' : '')
  );
}

function contentOf(rows: readonly string[][], random: SeededRandom): Buffer {
  const kind = random.uniform();
  const text = damagedTable(rows, random);
  if (kind < 0.5) return Buffer.from(text);
  if (kind < 0.75) return Buffer.from(damagedText(text, random, oddCells));
  if (kind < 0.95) return damagedBytes(Buffer.from(text), random);
  if (kind < 0.98) return Buffer.concat([Buffer.from(random.pick(magic), 'latin1'), Buffer.from(text)]);
  return noise(random, random.between(0, 2000));
}

async function unpacked(packed: Buffer): Promise<string> {
  try {
    await unpackPredictions(packed, 20_000);
    return 'unpacked';
  } catch (error) {
    if (error instanceof PredictionsTooLargeError) return 'unpacked too large';
    if (error instanceof DamagedPredictionsError) return 'no whole gzip';
    throw error;
  }
}

export const predictions: FuzzTarget = {
  name: 'predictions',
  deadlineMs: 30_000,
  start: async () => {
    const open: AsyncDisposable[] = [];
    const scorers: Scored[] = [];
    for (const options of [regression, labelled, probabilities]) {
      const task = await makeToyTask(options);
      open.push(task);
      const scorer = await Scorer.start({ task, python });
      scorers.push({ scorer, pid: scorer.pid ?? 0, rows: validRows(options) });
    }
    const judge = async ({ scorer, pid, rows }: Scored, random: SeededRandom): Promise<string> => {
      const content = contentOf(rows, random);
      if (random.chance(0.05)) {
        const packed = gzipSync(content);
        return unpacked(random.chance(0.5) ? damagedBytes(packed, random) : packed);
      }
      const split = random.pick(['search', 'validation', 'test'] as const);
      const verdict = random.chance(0.1) ? await scorer.score(split, content) : await scorer.check(split, content);
      if (scorer.pid !== pid) throw new Error(`a file brought down the scoring process: ${shown(content)}`);
      if (verdict.kind === 'invalid') {
        if (verdict.unscorable) throw new Error(`${verdict.message}: ${shown(content)}`);
        if (verdict.message === '' || verdict.message.length > 5000) throw new Error(`says: ${verdict.message}`);
      }
      return verdict.kind;
    };
    return {
      attempt: (random) => judge(random.pick(scorers), random),
      watched: [process.pid, ...scorers.map(({ pid }) => pid)],
      close: async () => {
        for (const { scorer } of scorers) await scorer.close();
        for (const one of open) await one[Symbol.asyncDispose]();
      },
    };
  },
};

const shown = (content: Buffer) => JSON.stringify(content.toString('latin1')).slice(0, 600);
