/**
 * The server's side of executions on one slot: who waits for which result. It survives connections, and decides what a
 * lost worker takes with it. A result is taken once: the second copy of it is acknowledged and dropped.
 */
import { RemoteError, RpcRefusal } from '../../protocol/rpcErrors.ts';
import { type ExecutionRequest, type ExecutionResult, workerRefusals } from '../../protocol/worker.ts';
import type { ExecuteOptions } from './contract.ts';
import { WorkerDiskFullError, WorkerLostError } from './errors.ts';

/** One connection to the slot's worker, under one lease. */
export interface WorkerLine {
  start(execId: string, request: ExecutionRequest): Promise<unknown>;
  cancel(execId: string): Promise<unknown>;
}

export interface ExecutionBookOptions {
  slot: number;
  /** Where its workers keep what they have to. */
  directory: string;
  /** How long a cancelled execution may take to say so, in milliseconds. */
  cancelWaitMs: number;
  /** The line failed in a way that a new connection may mend. */
  onLineTrouble: (error: unknown) => void;
}

/** Ids of results taken or forgotten lately, to recognise copies. A copy comes within a reconnection or never. */
const maxTaken = 10_000;

interface Pending {
  execId: string;
  request: ExecutionRequest;
  options: ExecuteOptions;
  promise: Promise<ExecutionResult>;
  resolve: (result: ExecutionResult) => void;
  reject: (error: unknown) => void;
  /** It may be at the worker. */
  sent: boolean;
  /** Its worker was lost, and the next one has yet to say whether its journal holds the result. */
  lost: string | null;
  cancelled: boolean;
  committing: Promise<void> | null;
}

export class ExecutionBook {
  readonly #options: ExecutionBookOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #taken = new Set<string>();
  #unclaimed = new Set<string>();
  #line: WorkerLine | null = null;

  constructor(options: ExecutionBookOptions) {
    this.#options = options;
  }

  running(): string[] {
    return [...this.#pending.keys()];
  }

  unclaimed(): string[] {
    return [...this.#unclaimed];
  }

  /** See `WorkerSlot.execute`. Asked twice for the same id, both wait for the one result. */
  execute(execId: string, request: ExecutionRequest, options: ExecuteOptions): Promise<ExecutionResult> {
    const present = this.#pending.get(execId);
    if (present !== undefined) {
      return present.promise;
    }
    const { promise, resolve, reject } = Promise.withResolvers<ExecutionResult>();
    const { signal } = options;
    if (signal?.aborted === true) {
      reject(signal.reason);
      return promise;
    }
    const end = () => {
      signal?.removeEventListener('abort', onAbort);
      this.#pending.delete(execId);
    };
    const pending: Pending = {
      execId,
      request,
      options,
      promise,
      resolve: (result) => {
        end();
        resolve(result);
      },
      reject: (error) => {
        end();
        reject(error);
      },
      sent: false,
      lost: null,
      cancelled: false,
      committing: null,
    };
    const onAbort = () => this.#cancel(pending);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#pending.set(execId, pending);
    this.#unclaimed.delete(execId);
    this.#taken.delete(execId);
    this.#start(pending);
    return promise;
  }

  /**
   * The slot has a worker again, the same one or the next.
   * @param atWorker executions it has, running or finished
   * @returns those that were lost with the worker before it, and are rejected now
   */
  connected(line: WorkerLine, atWorker: string[]): string[] {
    this.#line = line;
    const present = new Set(atWorker);
    this.#unclaimed = new Set(atWorker.filter((execId) => !this.#pending.has(execId) && !this.#taken.has(execId)));
    const rejected: string[] = [];
    for (const pending of [...this.#pending.values()]) {
      if (pending.committing !== null) {
        continue;
      }
      if (pending.lost !== null && !present.has(pending.execId)) {
        rejected.push(pending.execId);
        pending.reject(new WorkerLostError(this.#options.slot, pending.lost, `execution ${pending.execId}`));
        continue;
      }
      pending.lost = null;
      if (!pending.cancelled) {
        this.#start(pending);
      } else if (present.has(pending.execId)) {
        this.#sendCancel(pending.execId);
      } else {
        pending.reject(pending.options.signal?.reason);
      }
    }
    for (const execId of atWorker) {
      if (this.#taken.has(execId)) {
        this.#sendCancel(execId); // Given up while the worker was away; of a finished one it takes no notice.
      }
    }
    return rejected;
  }

  disconnected(): void {
    this.#line = null;
  }

  /**
   * The worker is gone. Tool calls went with their sandboxes and are rejected; an evaluation may have been finished and
   * journalled, which the next worker on the same folder will tell.
   * @param journalKept whether the next worker gets this one's journal
   */
  lost(reason: string, journalKept: boolean): string[] {
    this.#line = null;
    this.#unclaimed.clear();
    const rejected: string[] = [];
    for (const pending of [...this.#pending.values()]) {
      if (pending.committing !== null) {
        continue;
      }
      const isTool = pending.request.kind !== 'evaluate';
      if (isTool || (pending.sent && !journalKept)) {
        rejected.push(pending.execId);
        pending.reject(new WorkerLostError(this.#options.slot, reason, `execution ${pending.execId}`));
      } else if (pending.sent) {
        pending.lost = reason;
      }
    }
    return rejected;
  }

  /** Nothing will come any more: everybody who waits gets `error`. */
  end(error: Error): void {
    this.#line = null;
    for (const pending of [...this.#pending.values()]) {
      if (pending.committing === null) {
        pending.reject(error);
      }
    }
  }

  output(execId: string, text: string): void {
    this.#pending.get(execId)?.options.onOutput?.(text);
  }

  /** A result has come. Resolves when it is durable, or known to be nobody's. */
  async finished(execId: string, result: ExecutionResult): Promise<'accepted' | 'unclaimed'> {
    if (this.#taken.has(execId)) {
      return 'accepted';
    }
    const pending = this.#pending.get(execId);
    if (pending === undefined) {
      this.#unclaimed.add(execId);
      return 'unclaimed';
    }
    if (pending.cancelled) {
      this.#take(execId);
      pending.reject(pending.options.signal?.reason);
      return 'accepted';
    }
    if (result.kind === 'infrastructure_error' && result.diskFull === true) {
      this.#take(execId);
      pending.reject(new WorkerDiskFullError(this.#options.slot, this.#options.directory, result.message));
      return 'accepted';
    }
    pending.committing ??= pending.options.commit?.(result) ?? Promise.resolve();
    try {
      await pending.committing;
    } catch (error) {
      pending.reject(error);
      this.#unclaimed.add(execId);
      return 'unclaimed';
    }
    this.#take(execId);
    pending.resolve(result);
    return 'accepted';
  }

  /** Nobody will ask for these any more. What of them is on its way already is acknowledged, so that the worker drops it, too. */
  forget(execIds: string[]): void {
    for (const execId of execIds) {
      this.#take(execId);
    }
  }

  #start(pending: Pending): void {
    const line = this.#line;
    if (line === null) {
      return;
    }
    pending.sent = true;
    line.start(pending.execId, pending.request).catch((error: unknown) => {
      if (this.#line === line && this.#pending.get(pending.execId) === pending && pending.committing === null) {
        this.#startFailed(pending, error);
      }
    });
  }

  #startFailed(pending: Pending, error: unknown): void {
    const { execId, request } = pending;
    const kind = error instanceof RemoteError ? error.kind : null;
    if (kind === workerRefusals.unknownSession && request.kind !== 'evaluate') {
      pending.reject(new WorkerLostError(this.#options.slot, 'it has no such session', `session ${request.session}`));
    } else if (kind === workerRefusals.settled) {
      const message = `the result of execution ${execId} was handed to an earlier server, which did not keep it`;
      pending.resolve({ kind: 'infrastructure_error', message });
    } else if (error instanceof RemoteError && kind === null) {
      pending.reject(error);
    } else {
      this.#options.onLineTrouble(error);
    }
  }

  #cancel(pending: Pending): void {
    if (pending.committing !== null) {
      return; // The result is here and on its way to the disk.
    }
    const reason: unknown = pending.options.signal?.reason;
    if (!pending.sent) {
      pending.reject(reason);
      return;
    }
    pending.cancelled = true;
    this.#sendCancel(pending.execId);
    const giveUp = setTimeout(() => {
      this.#take(pending.execId);
      pending.reject(reason);
    }, this.#options.cancelWaitMs);
    const calm = () => clearTimeout(giveUp);
    pending.promise.then(calm, calm);
  }

  #sendCancel(execId: string): void {
    const line = this.#line;
    line?.cancel(execId).catch((error: unknown) => {
      if (this.#line === line) {
        this.#options.onLineTrouble(error);
      }
    });
  }

  #take(execId: string): void {
    this.#taken.add(execId);
    this.#unclaimed.delete(execId);
    for (const oldest of this.#taken) {
      if (this.#taken.size <= maxTaken) {
        break;
      }
      this.#taken.delete(oldest);
    }
  }
}

/** For a result under a lease that is not the present one. */
export function staleEpoch(epoch: number, present: number): RpcRefusal {
  return new RpcRefusal(workerRefusals.staleEpoch, `epoch ${epoch} is not the present lease's, ${present}`);
}
