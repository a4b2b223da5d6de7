/** A disk that takes nothing any more: what was to be written is not there, whoever waits for it is told what to do. */
import { dirname } from 'node:path';

const codes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

export class DiskFullError extends Error {
  override readonly name: string = 'DiskFullError';
  /** What could not be written. */
  readonly path: string;

  /** @param options.where a folder on that disk */
  constructor(path: string, options: { words?: string; where?: string; cause?: unknown } = {}) {
    const { words = `${path} could not be written`, where = dirname(path), cause } = options;
    super(`the disk is full: ${words}. Free some space there (df -h ${where})`, { cause });
    this.path = path;
  }
}

/** Whether this is at the bottom of an error. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1)
    if (at instanceof DiskFullError || codes.includes(Reflect.get(at, 'code'))) return true;
  return false;
}

/** The error of a write, with the name of what was written where the system leaves it out: a full disk has one. */
export function writeFailure(path: string, error: unknown): unknown {
  return isDiskFull(error) && !(error instanceof DiskFullError) ? new DiskFullError(path, { cause: error }) : error;
}
