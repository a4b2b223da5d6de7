/**
 * What a command prints. With `--json` exactly one JSON value of a documented form goes to standard output and nothing
 * else; without, words for a person. Progress and notes go to standard error in either case. Words are printed without
 * what could steer the terminal: models and programs write much of them.
 */
import { CommanderError } from 'commander';
import * as z from 'zod';
import { ServerInfo } from '../../protocol/clientViews.ts';
import { CostEstimate, RunBudget } from '../../protocol/cost.ts';
import { printableText } from '../../protocol/printableText.ts';
import { Candidate, RunSummary } from '../../protocol/run.ts';
import { SplitName } from '../../protocol/task.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { RunReport } from '../analysis/report.ts';
import { isDiskFull } from '../disk.ts';
import { DiskFullError } from '../store/diskFull.ts';
import { CliError, exitCodes } from './exitCodes.ts';

const count = z.int().nonnegative();

/** Every form that `--json` can print, by the command that prints it. `aira2 schema <form>` shows it as JSON Schema. */
export const forms = {
  run: z.object({ run: RunSummary, selected: Candidate.nullable(), report: z.string() }),
  'runs list': z.object({
    runs: z.array(RunSummary),
    problems: z.array(z.object({ run: z.string(), problem: z.string() })),
  }),
  /** The estimate: by the run's own candidates, before the first of them by assumptions; null if no model is called. */
  'runs show': z.object({
    run: RunSummary,
    live: z.boolean(),
    directory: z.string(),
    estimate: CostEstimate.nullable(),
  }),
  'runs candidates': z.object({ run: z.string(), candidates: z.array(Candidate) }),
  'runs trajectory': z.object({ run: z.string(), candidate: z.int(), events: z.array(TrajectoryEvent) }),
  'runs report': RunReport,
  /** null: none runs. */
  serve: z.object({ server: ServerInfo.nullable() }),
  'runs export': z.object({ run: z.string(), candidate: z.int(), directory: z.string(), files: z.array(z.string()) }),
  'runs steer': z.object({
    run: z.string(),
    done: z.enum(['started', 'resumed', 'paused', 'unpaused', 'stopping', 'finishing', 'unsealed', 'deleted']),
  }),
  /** `bounds`: what the run may take now; null and absent: as much as it needs. */
  'runs extend': z.object({
    run: z.string(),
    live: z.boolean(),
    bounds: z.object({ candidates: z.int().nullable(), hours: z.number().nullable(), budget: RunBudget }),
  }),
  mark: z.object({
    run: z.string(),
    candidate: z.int(),
    live: z.boolean(),
    pinned: z.boolean().optional(),
    excluded: z.boolean().optional(),
  }),
  request: z.object({ run: z.string(), request: z.string(), live: z.boolean() }),
  'task list': z.object({
    tasks: z.array(
      z.object({
        id: z.string(),
        version: z.int(),
        title: z.string(),
        modality: z.string(),
        metric: z.object({ name: z.string(), direction: z.string() }),
        builtin: z.boolean(),
        prepared: z.boolean(),
        counts: z.object({ train: count, search: count, validation: count, test: count }).nullable(),
        problem: z.string().nullable(),
      }),
    ),
  }),
  'task prepare': z.object({
    task: z.string(),
    directory: z.string(),
    splitHash: z.string(),
    counts: z.object({ train: count, search: count, validation: count, test: count }),
  }),
  'task check': z.object({
    task: z.string(),
    passed: z.boolean(),
    findings: z.array(z.object({ name: z.string(), status: z.enum(['ok', 'failed', 'warning']), detail: z.string() })),
    splits: z.array(
      z.object({
        split: SplitName,
        rows: count,
        /** Mean and deviation of a numeric target, or the share of each class. */
        targets: z.record(z.string(), z.number()),
        sample: z.object({ score: z.number(), standardError: z.number() }).nullable(),
      }),
    ),
  }),
  doctor: z.object({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        state: z.enum(['ok', 'limited', 'missing']),
        detail: z.string(),
        fix: z.string().nullable(),
      }),
    ),
  }),
  error: z.object({ error: z.object({ kind: z.string(), message: z.string(), exitCode: z.int() }) }),
} as const;

export type FormName = keyof typeof forms;

/** Prints `value` in its documented form, or `words()` for a person. A value that does not fit its form is a bug and throws. */
export function print<F extends FormName>(
  json: boolean,
  form: F,
  value: z.input<(typeof forms)[F]>,
  words: () => string,
): void {
  const text = json ? JSON.stringify(forms[form].parse(value), null, 2) : printableText(words());
  hasPrinted = true;
  process.stdout.write(`${text.replace(/\n$/, '')}\n`);
}

let hasPrinted = false;

/**
 * Says why a command fails: on standard error, or, where `--json` has printed nothing yet, as its one value. A command that
 * has shown its result (a check that did not pass) says the rest on standard error.
 */
export function printFailure(error: unknown, exitCode: number): void {
  const message = failureWords(error);
  if (process.argv.includes('--json') && !hasPrinted) {
    const kind = error instanceof Error ? error.name : 'Error';
    print(true, 'error', { error: { kind, message, exitCode } }, () => message);
    return;
  }
  note(error instanceof CommanderError ? message.trimEnd() : `error: ${message}`);
  if (exitCode === exitCodes.internal && error instanceof Error) note(error.stack ?? '');
}

/** A note for a person, on standard error. */
export function note(text: string): void {
  process.stderr.write(`${printableText(text)}\n`);
}

function failureWords(error: unknown): string {
  const words = messageOf(error);
  const isBare = isDiskFull(error) && !(error instanceof DiskFullError || error instanceof CliError);
  return isBare ? `the disk is full (${words}). Free some space, and try again` : words;
}
