/**
 * What evolution is worth: the selected program's test score against best-of-k and random drafts, at equal numbers of
 * candidates, through the real command. Differences are taken seed by seed; errors are standard errors over seeds.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import * as z from 'zod';
import { SearchMode } from '../protocol/runSwitches.ts';
import { hasCode } from '../protocol/thrown.ts';
import { forms } from '../server/cli/output.ts';

export const description =
  'evolution against best-of-k and random drafts [--tasks a,b] [--seeds 1,2,3,4,5] [--candidates 24] [--rows file.jsonl]';

const root = fileURLToPath(new URL('..', import.meta.url));

const Row = z.object({
  task: z.string(),
  seed: z.int(),
  arm: SearchMode,
  candidates: z.int(),
  run: z.string(),
  metric: z.string(),
  direction: z.enum(['minimize', 'maximize']),
  /** Of the selected program; null if none could be selected. */
  test: z.number().nullable(),
  /** Best search score, which the search itself went by. */
  search: z.number().nullable(),
  /** Of the way from the naive to the strong reference, on test rows: comparable between tasks. */
  shareOfWay: z.number().nullable(),
  scored: z.int(),
  failed: z.int(),
  nearDuplicates: z.int(),
  minutes: z.number(),
});
type Row = z.infer<typeof Row>;

export async function run(args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: {
      tasks: { type: 'string', default: 'birdstrikes,diamonds,digits,txhousing,verbs' },
      seeds: { type: 'string', default: '1,2,3,4,5' },
      candidates: { type: 'string', default: '24' },
      arms: { type: 'string', default: SearchMode.options.join(',') },
      workers: { type: 'string', default: '2' },
      home: { type: 'string', default: join(root, '.aira2-bench') },
      /** Rows are appended there, and those that are there already are not made again: it takes hours. */
      rows: { type: 'string' },
    },
  });
  await mkdir(values.home, { recursive: true });
  const arms = values.arms.split(',').map((arm) => SearchMode.parse(arm));
  const rows = values.rows === undefined ? [] : await knownRows(values.rows);
  // Seed by seed: what there is after an hour says something of every task and arm.
  for (const seed of values.seeds.split(',').map(Number))
    for (const task of values.tasks.split(','))
      for (const arm of arms) {
        const candidates = Number(values.candidates);
        const isKnown = (row: Row) =>
          row.seed === seed && row.task === task && row.arm === arm && row.candidates === candidates;
        if (rows.some(isKnown)) continue;
        const row = await oneRun({ task, seed, arm, candidates, workers: values.workers, home: values.home });
        rows.push(row);
        process.stderr.write(`${JSON.stringify(row)}\n`);
        if (values.rows !== undefined) await appendFile(values.rows, `${JSON.stringify(row)}\n`);
      }
  const own = rows.filter(({ candidates }) => candidates === Number(values.candidates));
  return { rows: own, tasks: perTask(own), overall: differences(own, ({ shareOfWay }) => shareOfWay) };
}

async function knownRows(path: string): Promise<Row[]> {
  try {
    const text = await readFile(path, 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Row.parse(JSON.parse(line)));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

async function oneRun(given: {
  task: string;
  seed: number;
  arm: SearchMode;
  candidates: number;
  workers: string;
  home: string;
}): Promise<Row> {
  const { task, seed, arm, candidates, workers, home } = given;
  const began = Date.now();
  const common = ['--home', home, '--json'];
  const wanted = ['--candidates', String(candidates), '--workers', workers, '--seed', String(seed), '--search', arm];
  const { run } = forms.run.parse(await aira2(['run', task, ...wanted, ...common]));
  const report = forms['runs report'].parse(await aira2(['runs', 'report', run.id, ...common]));
  return {
    task,
    seed,
    arm,
    candidates,
    run: run.id,
    metric: run.metric.name,
    direction: run.metric.direction,
    test: report.selected?.test?.value ?? null,
    search: run.bestSearch?.score.value ?? null,
    shareOfWay: report.shareOfWay,
    scored: run.counts.scored,
    failed: run.counts.failed,
    nearDuplicates: run.nearDuplicates.submitted,
    minutes: Math.round((Date.now() - began) / 6000) / 10,
  };
}

function perTask(rows: Row[]) {
  return [...new Set(rows.map(({ task }) => task))].map((task) => {
    const own = rows.filter((row) => row.task === task);
    const [first] = own;
    const arms = [...new Set(own.map(({ arm }) => arm))].map((arm) => {
      const tests = own.filter((row) => row.arm === arm).flatMap(({ test }) => test ?? []);
      return { arm, test: meanWithError(tests), shareOfWay: meanWithError(sharesOf(own, arm)) };
    });
    const sign = first?.direction === 'minimize' ? -1 : 1;
    return {
      task,
      metric: first?.metric,
      direction: first?.direction,
      arms,
      /** Positive: evolution is better. */
      differences: differences(own, ({ test }) => (test === null ? null : sign * test)),
    };
  });
}

const sharesOf = (rows: Row[], arm: SearchMode) =>
  rows.filter((row) => row.arm === arm).flatMap(({ shareOfWay }) => shareOfWay ?? []);

/** Evolution minus each other arm, seed by seed and task by task. */
function differences(rows: Row[], value: (row: Row) => number | null) {
  return SearchMode.options
    .filter((arm) => arm !== 'evolution')
    .map((arm) => {
      const pairs = rows
        .filter((row) => row.arm === arm)
        .flatMap((other) => {
          const same = rows.find(
            (row) => row.arm === 'evolution' && row.seed === other.seed && row.task === other.task,
          );
          const [a, b] = [same === undefined ? null : value(same), value(other)];
          return a === null || b === null ? [] : [a - b];
        });
      return { against: arm, ...meanWithError(pairs), won: pairs.filter((difference) => difference > 0).length };
    });
}

function meanWithError(values: number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const rounded = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null);
  return { mean: rounded(mean), standardError: rounded(Math.sqrt(variance / values.length)), count: values.length };
}

async function aira2(args: string[]): Promise<unknown> {
  const { stdout } = await execa(process.execPath, [join(root, 'bin', 'aira2.js'), ...args], {
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 7_200_000,
  });
  return JSON.parse(stdout);
}
