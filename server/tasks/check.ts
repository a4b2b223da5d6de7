/**
 * The self-test of a prepared task: files whose scores are known before anything is learnt. A task that fails it would
 * mislead a search, so `aira2 task check` tells what is wrong before any time is spent.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { isBetter } from '../../protocol/score.ts';
import { type SplitName, splitNames, type TaskManifest } from '../../protocol/task.ts';
import { ScorerError } from '../evaluation/errors.ts';
import { Scorer, type SelfTestReport, type VariantScore } from '../evaluation/scorer.ts';
import { loadPreparedTask } from './catalog.ts';
import type { PreparedTask } from './preparedTask.ts';

export interface Finding {
  /** What was looked at, in a few words. */
  name: string;
  status: 'ok' | 'failed' | 'warning';
  /** What was found; for a failure, what to do. */
  detail: string;
}

export interface SplitReport {
  split: SplitName;
  rows: number;
  /** Mean and standard deviation of a numeric target, or the share of each class. */
  targets: Record<string, number>;
  /** The sample submission's score and its bootstrap standard error: how much of a difference this split can see. */
  sample: { score: number; standardError: number } | null;
  /** The same for the best constant, from the split's own answers; null where the metric is a command. */
  constant: { score: number; standardError: number } | null;
}

export interface TaskCheck {
  /** `id@version`. */
  task: string;
  /** No finding has failed. */
  passed: boolean;
  findings: Finding[];
  splits: SplitReport[];
}

export interface CheckOptions {
  home: string;
  reference: string;
  python: string;
  signal?: AbortSignal;
}

/**
 * Checks a prepared task. What is wrong with the task is in the findings.
 * @throws TaskNotFoundError, TaskNotPreparedError
 */
export function checkTask({ home, reference, python, signal }: CheckOptions): Promise<TaskCheck> {
  return checkPreparedTask(loadPreparedTask(home, reference), python, signal);
}

/** As checkTask, for a task that is loaded already. */
export async function checkPreparedTask(task: PreparedTask, python: string, signal?: AbortSignal): Promise<TaskCheck> {
  const findings: Finding[] = [...folderFindings(task)];
  const splits: SplitReport[] = [];
  let scorer: Scorer | undefined;
  try {
    scorer = await Scorer.start({ task, python, ...(signal === undefined ? {} : { signal }) });
    const report = await scorer.selfTest(readFileSync(path.join(task.publicDirectory, 'sample_submission.csv')));
    findings.push(...reportFindings(report, task.manifest));
    for (const split of splitNames) {
      const sample = await sampleScore(scorer, task, split);
      findings.push(sample.finding);
      splits.push({
        split,
        rows: report.rows[split] ?? 0,
        targets: report.targets[split] ?? {},
        sample: sample.score,
        constant: scoreOf(report.constant?.[split]),
      });
    }
  } catch (error) {
    if (!(error instanceof ScorerError)) throw error;
    findings.push({ name: 'the scorer can score', status: 'failed', detail: error.message });
  } finally {
    await scorer?.close();
  }
  const { id, version } = task.manifest;
  return { task: `${id}@${version}`, passed: findings.every(({ status }) => status !== 'failed'), findings, splits };
}

/** What the scores of known files say of the metric, its direction and its optimum. */
export function reportFindings(report: SelfTestReport, { metric }: TaskManifest): Finding[] {
  const better = (a: number, b: number): boolean => isBetter(a, b, metric.direction);
  const findings: Finding[] = [];
  const judge = (name: string, problems: string[], good: string, todo: string): void => {
    findings.push({
      name,
      status: problems.length === 0 ? 'ok' : 'failed',
      detail: problems.length === 0 ? good : `${problems.join('; ')}. ${todo}`,
    });
  };
  const each = (
    variant: Record<string, VariantScore>,
    problem: (score: number, split: string) => string | null,
  ): string[] =>
    Object.entries(variant).flatMap(([split, { score, problem: refused }]) => {
      if (score === null) return [`${split}: refused (${refused})`];
      const found = problem(score, split);
      return found === null ? [] : [`${split}: ${found}`];
    });
  const gold = (split: string): number => report.gold[split]?.score ?? Number.NaN;
  const { optimum } = report;

  judge(
    'perfect predictions score the optimum',
    each(report.gold, (score) =>
      optimum === null || Math.abs(score - optimum) <= 1e-6 * Math.max(1, Math.abs(optimum))
        ? null
        : `${score}, not ${optimum}`,
    ),
    optimum === null ? 'they are accepted; the manifest names no optimum' : `${optimum} on every split`,
    'Correct metric.optimum or metric.impl, or the answers.',
  );
  judge(
    'shuffled answers score worse',
    each(report.permuted, (score, split) => {
      if (better(gold(split), score)) return null;
      return better(score, gold(split)) ? `${score} beats the perfect ${gold(split)}` : `${score}, as good as perfect`;
    }),
    'on every split',
    'If shuffled answers beat perfect ones, metric.direction is the wrong way round; if they tie, the metric reads no values.',
  );
  judge(
    'the order of rows does not matter',
    each(report.shuffled, (score, split) => (score === gold(split) ? null : `${score}, not ${gold(split)}`)),
    'the same score in another order',
    'The metric aligns by position: use align: position, or let it join by id.',
  );
  if (report.constant !== null) {
    judge(
      'a constant is valid and not perfect',
      each(report.constant, (score, split) => (better(gold(split), score) ? null : `${score}, as good as perfect`)),
      'worse than perfect on every split',
      'A split with one target value cannot rank programs: give it more rows, or stratify.',
    );
  }
  const accepted = [
    ...(report.nanRefused ? [] : ['NaN']),
    ...(report.infinityRefused ? [] : ['infinity']),
    ...(report.overflowRefused ? [] : ['1e999']),
  ];
  judge(
    'NaN and infinity are refused',
    accepted.map((value) => `${value} was accepted`),
    'NaN, infinity and numbers too large',
    'A metric could be fooled by them; declare dtypes and bounds in prediction.columns.',
  );
  return findings;
}

function scoreOf(variant: VariantScore | undefined): SplitReport['constant'] {
  const { score = null, standardError = null } = variant ?? {};
  return score === null || standardError === null ? null : { score, standardError };
}

async function sampleScore(
  scorer: Scorer,
  task: PreparedTask,
  split: SplitName,
): Promise<{ finding: Finding; score: SplitReport['sample'] }> {
  const name = `the sample submission is valid (${split})`;
  const verdict = await scorer.score(split, sampleFor(task, split));
  if (verdict.kind === 'invalid') {
    return {
      finding: {
        name,
        status: 'failed',
        detail: verdict.unscorable ? verdict.message : `${verdict.message}. Correct prediction.columns.`,
      },
      score: null,
    };
  }
  const { value, standardError } = verdict.score;
  const score = { score: value, standardError };
  if (verdict.suspiciouslyPerfect) {
    return {
      finding: { name, status: 'failed', detail: `a constant scores the optimum, ${value}: this split tells nothing` },
      score,
    };
  }
  return {
    finding: { name, status: 'ok', detail: `${value.toPrecision(5)} ± ${standardError.toPrecision(2)}` },
    score,
  };
}

/** The sample submission for the run that a split is scored from. */
function sampleFor(task: PreparedTask, split: SplitName): Buffer {
  const view = task.views.find((candidate) => candidate.split === split) ?? task.views[0];
  const directory = view === undefined ? task.publicDirectory : path.dirname(view.evalDirectory);
  return readFileSync(path.join(directory, 'sample_submission.csv'));
}

/** What the folders themselves show: modes, times, and no column that should not be there. */
function* folderFindings(task: PreparedTask): Generator<Finding> {
  const open = [task.privateDirectory, task.evaluatorDirectory].filter(
    (directory) => existsSync(directory) && (statSync(directory).mode & 0o077) !== 0,
  );
  yield {
    name: 'answers are closed to others',
    status: open.length === 0 ? 'ok' : 'failed',
    detail: open.length === 0 ? 'mode 0700' : `${open.join(', ')} can be entered by others. Run: chmod 700`,
  };
  const { drop, target } = task.manifest.data;
  const leaks = task.views.flatMap(({ split, trainDirectory, evalDirectory }) => {
    const train = headerOf(path.join(trainDirectory, 'train.csv'));
    const inputs = headerOf(path.join(evalDirectory, 'inputs.csv'));
    return [
      ...drop
        .filter((column) => train.includes(column) || inputs.includes(column))
        .map((column) => `${split}: ${column}`),
      ...target.filter((column) => inputs.includes(column)).map((column) => `${split}: the target ${column}`),
    ];
  });
  yield {
    name: 'no target and no dropped column in what programs see',
    status: leaks.length === 0 ? 'ok' : 'failed',
    detail: leaks.length === 0 ? 'the headers are clean' : `${leaks.join('; ')}. Prepare the task again.`,
  };
  const times = new Set(filesBelow(task.publicDirectory).map((file) => statSync(file).mtimeMs));
  yield {
    name: 'file times tell nothing',
    status: times.size === 1 ? 'ok' : 'warning',
    detail:
      times.size === 1 ? 'one time for all public files' : `${times.size} different times. Prepare the task again.`,
  };
}

function headerOf(csv: string): string[] {
  const [line = ''] = readFileSync(csv, 'utf8').split('\n', 1);
  return line.split(',').map((cell) => cell.replace(/^"(.*)"$/, '$1'));
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
