/** What can go wrong with tasks. Each message says what happened, to what, and what to do. */

/** Base of all errors about tasks, so that a caller can tell them from faults of the program itself. */
export class TaskError extends Error {
  override name = 'TaskError';
}

/** One thing wrong in a manifest. */
export interface ManifestProblem {
  /** 1-based; 1 where the problem is that something is absent from the whole file. */
  line: number;
  column: number;
  /** Dotted path of the key, e.g. `split.fractions.train`; empty for the file itself. */
  key: string;
  message: string;
  fix: string;
}

/** All problems of a manifest at once, each with file, line, key and fix. */
export class ManifestError extends TaskError {
  override name = 'ManifestError';
  readonly file: string;
  readonly problems: ManifestProblem[];

  constructor(file: string, problems: ManifestProblem[]) {
    const lines = problems.map(
      ({ line, column, key, message, fix }) =>
        `${file}:${line}:${column}: ${key === '' ? '' : `${key}: `}${message}\n    fix: ${fix}`,
    );
    super(lines.join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

export class TaskNotFoundError extends TaskError {
  override name = 'TaskNotFoundError';
  readonly reference: string;
  readonly nearest: string[];

  constructor(reference: string, near: string[], known: string[]) {
    const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known tasks: ${known.join(', ')}.`;
    super(`There is no task ${JSON.stringify(reference)}. ${hint} A path of a task.yaml, or of its folder, works too.`);
    this.reference = reference;
    this.nearest = near;
  }
}

export class TaskNotPreparedError extends TaskError {
  override name = 'TaskNotPreparedError';
  readonly reference: string;

  constructor(reference: string, directory: string, detail = 'has not been prepared') {
    super(`The task ${reference} ${detail} (${directory}). Run: aira2 task prepare ${reference}`);
    this.reference = reference;
  }
}

/** A package of `data.acquire` could not be had. */
export class AcquireError extends TaskError {
  override name = 'AcquireError';
  readonly spec: string;
  /** The registry's client itself is not there: trying again in another way is of no use. */
  readonly missingProgram: boolean;

  constructor(spec: string, what: string, todo: string, missingProgram = false) {
    super(`Cannot get ${spec}: ${what}\n    fix: ${todo}`);
    this.spec = spec;
    this.missingProgram = missingProgram;
  }
}

/** The task's own preparation, or the splitter, refused or failed. */
export class PrepareError extends TaskError {
  override name = 'PrepareError';
  readonly task: string;

  constructor(task: string, message: string) {
    super(`Cannot prepare ${task}: ${message}`);
    this.task = task;
  }
}

/** Preparing the same version again gave another split: scores of earlier runs would no longer compare. */
export class SplitDriftError extends TaskError {
  override name = 'SplitDriftError';
  readonly task: string;
  readonly expected: string;
  readonly actual: string;

  constructor(task: string, expected: string, actual: string, where: string) {
    super(
      `The split of ${task} has changed: ${where} says ${expected}, preparing it now gives ${actual}. ` +
        'A version stands for one split. If the change is meant, raise `version` in the manifest' +
        `${where.includes('split.hash') ? ' and put the new value into split.hash' : ''}; otherwise undo it.`,
    );
    this.task = task;
    this.expected = expected;
    this.actual = actual;
  }
}
