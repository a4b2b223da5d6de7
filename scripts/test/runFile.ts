/** Runs one test file in a process of its own, through node:test, and ends it where it does not end itself. */
import { join } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import type { FileOutcome, Outcome } from './outcome.ts';

const outputLimit = 20_000;
/** How long a file that was told to end may take before its runner stops waiting for it. */
const graceMs = 10_000;

export interface FileLimits {
  testTimeoutMs: number;
  fileTimeoutMs: number;
}

interface Finished {
  name: string;
  nesting: number;
  skip?: string | boolean;
  todo?: string | boolean;
  details: { duration_ms: number; type?: string; error?: Error };
}

function fieldOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

/** The error a test ended with, without the wrapping that node:test adds. */
function describe(error: Error | undefined): string {
  if (error === undefined) return 'it failed and says nothing more';
  const cause = fieldOf(error, 'cause');
  return cause instanceof Error ? inspect(cause, { depth: 6, breakLength: 120 }) : String(cause ?? error.message);
}

function outcomeOf(event: Finished, passed: boolean, within: readonly string[]): Outcome {
  const { name, skip, todo, details } = event;
  const leftOut = skip ?? todo;
  const isSkipped = passed && leftOut !== undefined && leftOut !== false;
  const state = isSkipped ? 'skipped' : passed ? 'passed' : 'failed';
  const detail = isSkipped ? (typeof leftOut === 'string' ? leftOut : '') : passed ? '' : describe(details.error);
  return { name, within, state, detail, durationMs: details.duration_ms };
}

/** Collects what node:test reports of one file. A suite is reported after its members, so names are put in place late. */
class Collector {
  readonly outcomes: Outcome[] = [];
  output = '';
  readonly #path: string;
  readonly #isFiltered: boolean;
  readonly #deadline: AbortSignal;
  /** Reported tests whose parent has not been reported yet, with their depth. */
  #open: { depth: number; index: number }[] = [];

  constructor(path: string, isFiltered: boolean, deadline: AbortSignal) {
    this.#path = path;
    this.#isFiltered = isFiltered;
    this.#deadline = deadline;
  }

  write(text: string): void {
    if (this.output.length < outputLimit) this.output += text.slice(0, outputLimit - this.output.length);
  }

  finished(event: Finished, passed: boolean): void {
    if (event.name === this.#path) {
      this.#fileFinished(event, passed);
      return;
    }
    const children = this.#open.filter(({ depth }) => depth > event.nesting);
    for (const { index } of children) {
      const child = this.outcomes[index];
      if (child !== undefined) this.outcomes[index] = { ...child, within: [event.name, ...child.within] };
    }
    this.#open = this.#open.filter(({ depth }) => depth <= event.nesting);
    const onlyChildrenFailed = fieldOf(event.details.error, 'failureType') === 'subtestsFailed';
    if (event.details.type === 'suite' && (passed || onlyChildrenFailed)) {
      this.#open.push(...children.map(({ index }) => ({ depth: event.nesting, index })));
      return;
    }
    const index = this.outcomes.push(outcomeOf(event, passed, [])) - 1;
    this.#open.push(
      ...[...children.map((child) => child.index), index].map((at) => ({ depth: event.nesting, index: at })),
    );
  }

  /** node:test reports the file itself when it fails as a whole, or when it registered no test. */
  #fileFinished(event: Finished, passed: boolean): void {
    const { durationMs, detail } = outcomeOf(event, false, []);
    if (!passed) {
      const late = 'It had not ended at its deadline and was killed: something keeps its process alive.';
      this.outcomes.push(wholeFile('the file runs to its end', this.#deadline.aborted ? late : detail, durationMs));
    } else if (this.outcomes.length === 0 && !this.#isFiltered) {
      this.outcomes.push(wholeFile('the file holds tests', 'It registers none.', durationMs));
    }
  }
}

/** A failure that belongs to a file and to none of its tests. */
function wholeFile(name: string, detail: string, durationMs: number): Outcome {
  return { name, within: [], state: 'failed', detail, durationMs };
}

/**
 * @param root the project's folder
 * @param file path within the project
 * @param grep only tests whose name matches
 */
export async function runTestFile(
  root: string,
  file: string,
  limits: FileLimits,
  grep: RegExp | null,
): Promise<FileOutcome> {
  const began = performance.now();
  const path = join(root, file);
  const deadline = AbortSignal.timeout(limits.fileTimeoutMs);
  const collector = new Collector(path, grep !== null, deadline);
  const stream = run({
    files: [path],
    concurrency: 1,
    cwd: root,
    signal: deadline,
    execArgv: [`--test-timeout=${limits.testTimeoutMs}`, '--disable-warning=ExperimentalWarning'],
    ...(grep === null ? {} : { testNamePatterns: [grep] }),
  });
  stream.on('test:pass', (event) => collector.finished(event, true));
  stream.on('test:fail', (event) => collector.finished(event, false));
  stream.on('test:stdout', ({ message }) => collector.write(message));
  stream.on('test:stderr', ({ message }) => collector.write(message));
  let backstop: NodeJS.Timeout | undefined;
  const ended = await new Promise<boolean>((resolve, reject) => {
    stream.on('end', () => resolve(true));
    stream.on('error', reject);
    stream.resume();
    backstop = setTimeout(() => resolve(false), limits.fileTimeoutMs + graceMs);
  }).finally(() => clearTimeout(backstop));
  const durationMs = performance.now() - began;
  const outcomes = ended
    ? collector.outcomes
    : [
        ...collector.outcomes,
        wholeFile('the file runs to its end', `It did not end ${graceMs / 1000} s after it was told to.`, durationMs),
      ];
  return { file, outcomes, durationMs, output: collector.output.trim() };
}
