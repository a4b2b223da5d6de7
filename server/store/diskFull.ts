/** A disk that takes nothing any more: what was to be written is not there, whoever waits for it is told what to do. */
import { dirname } from 'node:path';
import { isDiskFull } from '../disk.ts';

export class DiskFullError extends Error {
  override readonly name: string = 'DiskFullError';
  /** As the system's own error has it. */
  readonly code = 'ENOSPC';
  /** What could not be written. */
  readonly path: string;

  /** @param options.where a folder on that disk */
  constructor(path: string, options: { words?: string; where?: string; cause?: unknown } = {}) {
    const { words = `${path} could not be written`, where = dirname(path), cause } = options;
    super(`the disk is full: ${words}. Free some space there (df -h ${where})`, { cause });
    this.path = path;
  }
}

/** The error of a write, with the name of what was written where the system leaves it out: a full disk has one. */
export function writeFailure(path: string, error: unknown): unknown {
  return isDiskFull(error) && !(error instanceof DiskFullError) ? new DiskFullError(path, { cause: error }) : error;
}
