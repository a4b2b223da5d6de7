/**
 * What a search with the built-in researcher is worth: for each task and seed one run through the real command, and how its
 * selected program does on the test split, against the references of the task.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { isBetter } from '../protocol/score.ts';
import { forms } from '../server/cli/output.ts';

export const description =
  'quality of the selected program: tasks × seeds through `aira2 run` [--tasks a,b] [--seeds 1,2,3] [--candidates 24]';

const root = fileURLToPath(new URL('..', import.meta.url));

interface QualityRow {
  task: string;
  seed: number;
  run: string;
  metric: string;
  selectedTest: number | null;
  standardError: number | null;
  simple: number | null;
  strong: number | null;
  beatsSimple: boolean;
  shareOfWay: number | null;
  scored: number;
  failed: number;
  minutes: number;
}

export async function run(args: string[]): Promise<{ rows: QualityRow[]; tasks: unknown[] }> {
  const { values } = parseArgs({
    args,
    options: {
      tasks: { type: 'string', default: 'birdstrikes,diamonds,digits,txhousing,verbs' },
      seeds: { type: 'string', default: '1,2,3' },
      candidates: { type: 'string', default: '24' },
      home: { type: 'string', default: join(root, '.aira2-bench') },
    },
  });
  await mkdir(values.home, { recursive: true });
  const rows: QualityRow[] = [];
  // Seed by seed: what there is after an hour says something of every task.
  for (const seed of values.seeds.split(',').map(Number))
    for (const task of values.tasks.split(',')) {
      const row = await oneRun(task, seed, values.candidates, values.home);
      rows.push(row);
      process.stderr.write(`${JSON.stringify(row)}\n`);
    }
  return { rows, tasks: perTask(rows) };
}

async function oneRun(task: string, seed: number, candidates: string, home: string): Promise<QualityRow> {
  const began = Date.now();
  const common = ['--home', home, '--json'];
  const { run } = forms.run.parse(
    await aira2(['run', task, '--candidates', candidates, '--workers', '2', '--seed', String(seed), ...common]),
  );
  const report = forms['runs report'].parse(await aira2(['runs', 'report', run.id, ...common]));
  const test = report.selected?.test ?? null;
  const reference = (name: string) => report.baselines.find((baseline) => baseline.name === name)?.score ?? null;
  const simple = reference('simple');
  return {
    task,
    seed,
    run: run.id,
    metric: run.metric.name,
    selectedTest: test?.value ?? null,
    standardError: test?.standardError ?? null,
    simple,
    strong: reference('strong'),
    beatsSimple: test !== null && simple !== null && isBetter(test.value, simple, run.metric.direction),
    shareOfWay: report.shareOfWay,
    scored: run.counts.scored,
    failed: run.counts.failed,
    minutes: Math.round((Date.now() - began) / 6000) / 10,
  };
}

function perTask(rows: QualityRow[]) {
  return [...new Set(rows.map((row) => row.task))].map((task) => {
    const own = rows.filter((row) => row.task === task);
    const shares = own.map((row) => row.shareOfWay ?? 0);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, shares.length - 1);
    return {
      task,
      beatsSimpleInAllSeeds: own.every((row) => row.beatsSimple),
      meanShareOfWay: mean,
      standardErrorOfMean: Math.sqrt(variance / shares.length),
      covers90Percent: mean >= 0.9,
    };
  });
}

async function aira2(args: string[]): Promise<unknown> {
  const { stdout } = await execa(process.execPath, [join(root, 'bin', 'aira2.js'), ...args], {
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 7_200_000,
  });
  return JSON.parse(stdout);
}
