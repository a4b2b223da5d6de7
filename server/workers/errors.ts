/** What can happen to a slot. Every one of these is a fault of the infrastructure, never of a candidate (invariant 5). */

import { DiskFullError } from '../store/diskFull.ts';

/** The worker and all its sandboxes are gone, and with them this execution. The slot goes on under a new epoch. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError';
  readonly slot: number;
  readonly reason: string;
  /** The execution that was lost, or the session that was. */
  readonly what: string;

  constructor(slot: number, reason: string, what: string) {
    super(
      `the worker of slot ${slot} was lost (${reason}), and ${what} with it: put the assignment in the queue again`,
    );
    this.slot = slot;
    this.reason = reason;
    this.what = what;
  }
}

/** The worker's disk takes nothing any more: what it computes cannot be made durable there. */
export class WorkerDiskFullError extends DiskFullError {
  override readonly name = 'WorkerDiskFullError';
  readonly slot: number;

  /** @param message the worker's own words */
  constructor(slot: number, directory: string, message: string) {
    const words = `the worker of slot ${slot} could not keep a result (${message})`;
    super(directory, { words, where: directory });
    this.slot = slot;
  }
}

/** A worker that was launched did not say hello. `logTail` holds its last words. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
  readonly slot: number;
  readonly logFile: string;
  readonly logTail: string;
  /** It ended without a word: what cannot start says why. */
  readonly wasKilled: boolean;

  constructor(slot: number, what: string, logFile: string, logTail: string, wasKilled: boolean) {
    const words = logTail.trim() === '' ? 'it wrote nothing' : `its last words:\n${logTail.trim()}`;
    super(`the worker of slot ${slot} did not start: ${what}; ${words}\n(full log: ${logFile})`);
    this.slot = slot;
    this.logFile = logFile;
    this.logTail = logTail;
    this.wasKilled = wasKilled;
  }
}

/** The slot's worker failed to start too often in a row: nothing can run there until the pool is started anew. */
export class SlotFailedError extends Error {
  override readonly name = 'SlotFailedError';
  readonly slot: number;

  constructor(slot: number, cause: Error) {
    super(`slot ${slot} is out of service: ${cause.message}`, { cause });
    this.slot = slot;
  }
}

/** The pool was closed under a caller. */
export class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError';

  constructor() {
    super('the worker pool is closed');
  }
}
