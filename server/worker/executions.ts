/**
 * Every execution this worker has been asked for and not seen acknowledged. An id runs once: asked again, it is joined
 * while it runs and delivered again when it is finished. A finished result is journalled before anybody hears of it.
 */
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { type ExecutionRequest, type ExecutionResult, workerRefusals } from '../../protocol/worker.ts';
import { isDiskFull } from '../disk.ts';
import { type Journal, JournalError } from './journal.ts';
import { type Runner, sessionOf } from './runner.ts';

/** Results in memory between the journal and their first delivery; what is more is read back from there. */
const maxFresh = 4;
/** A copy of a request comes soon or never. */
const maxRemembered = 10_000;

export interface ExecutionsOptions {
  journal: Journal;
  runner: Runner;
  onOutput: (execId: string, text: string) => void;
  /** A result waits to be delivered: a new one, or one that is asked for again. */
  onFinished: (execId: string) => void;
  log: { warn(fields: object, message: string): void };
}

interface Running {
  abort: AbortController;
  session: string | null;
  done: Promise<void>;
}

export class Executions {
  readonly #options: ExecutionsOptions;
  readonly #running = new Map<string, Running>();
  /** Failures to journal: small, and held in memory because the disk does not take them. */
  readonly #unjournalled = new Map<string, ExecutionResult>();
  /** Journalled a moment ago: most are delivered at once. */
  readonly #fresh = new Map<string, ExecutionResult>();
  /** Carried out by this process, with their sessions: a late copy of the request must not run them again. */
  readonly #carriedOut = new Map<string, string | null>();
  #stopped = false;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  /** From now on nothing that ends counts as a result: the worker kills its sandboxes. */
  stop(): void {
    this.#stopped = true;
  }

  /** Running, or finished and not acknowledged. */
  ids(): string[] {
    return [...this.#running.keys(), ...this.finished()];
  }

  /** Finished and not acknowledged, oldest first. */
  finished(): string[] {
    return [...this.#options.journal.ids(), ...this.#unjournalled.keys()];
  }

  /**
   * Idempotent in `execId`.
   * @throws RpcRefusal `settled`: carried out and acknowledged before. `unknown_session`: its session is not open here.
   */
  start(execId: string, request: ExecutionRequest): 'accepted' | 'running' | 'finished' {
    if (this.#running.has(execId)) {
      return 'running';
    }
    if (this.#options.journal.has(execId) || this.#unjournalled.has(execId)) {
      this.#options.onFinished(execId);
      return 'finished';
    }
    if (this.#carriedOut.has(execId)) {
      throw new RpcRefusal(workerRefusals.settled, `execution ${execId} was finished and acknowledged before`);
    }
    const session = sessionOf(request);
    if (session !== null && !this.#options.runner.sessions().includes(session)) {
      throw new RpcRefusal(workerRefusals.unknownSession, `session ${session} is not open on this worker`);
    }
    const abort = new AbortController();
    this.#running.set(execId, { abort, session, done: this.#run(execId, request, session, abort.signal) });
    return 'accepted';
  }

  /** Interrupts it if it runs; its result comes as that of any other. */
  cancel(execId: string): void {
    this.#running.get(execId)?.abort.abort(new Error('cancelled by the server'));
  }

  /** Interrupts what runs in a session and waits for its end, then drops the results nobody will ask for. */
  async dropSession(session: string): Promise<void> {
    const running = [...this.#running].filter(([, one]) => one.session === session);
    for (const [execId] of running) {
      this.cancel(execId);
    }
    await Promise.all(running.map(([, one]) => one.done));
    await this.settle(this.#options.journal.ofSession(session));
    for (const [execId, of] of this.#carriedOut) {
      if (of === session) {
        this.#carriedOut.delete(execId); // A session opened anew under this name begins anew.
      }
    }
  }

  /** The result of a finished execution, null if it is not here. */
  async result(execId: string): Promise<ExecutionResult | null> {
    const unjournalled = this.#unjournalled.get(execId);
    if (unjournalled !== undefined) {
      return unjournalled;
    }
    const fresh = this.#fresh.get(execId);
    if (fresh !== undefined) {
      this.#fresh.delete(execId); // Whoever asks again has it read.
      return fresh;
    }
    try {
      return await this.#options.journal.read(execId);
    } catch (error) {
      if (error instanceof JournalError) {
        return infrastructureError(error);
      }
      throw error;
    }
  }

  /** Acknowledged, or never to be asked for. */
  async settle(execIds: string[]): Promise<void> {
    for (const execId of execIds) {
      this.#unjournalled.delete(execId);
      this.#fresh.delete(execId);
    }
    await this.#options.journal.settle(execIds);
  }

  async #run(execId: string, request: ExecutionRequest, session: string | null, signal: AbortSignal): Promise<void> {
    // Let `start` return before anything can finish.
    await Promise.resolve();
    let result: ExecutionResult;
    try {
      const onOutput = (text: string) => this.#options.onOutput(execId, text);
      result = await this.#options.runner.run(request, { signal, onOutput });
    } catch (error) {
      this.#options.log.warn({ execId, err: error }, 'an execution failed for no fault of the program');
      result = infrastructureError(error);
    }
    if (this.#stopped) {
      return;
    }
    try {
      await this.#options.journal.finish(execId, session, result);
      if (this.#fresh.size < maxFresh) {
        this.#fresh.set(execId, result);
      }
      if (result.kind !== 'infrastructure_error') {
        this.#remember(execId, session); // Else it may be started again under the same id.
      }
    } catch (error) {
      this.#options.log.warn({ execId, err: error }, 'a result could not be journalled; it is withheld');
      this.#unjournalled.set(execId, infrastructureError(error));
    }
    this.#running.delete(execId);
    this.#options.onFinished(execId);
  }

  #remember(execId: string, session: string | null): void {
    this.#carriedOut.set(execId, session);
    for (const oldest of this.#carriedOut.keys()) {
      if (this.#carriedOut.size <= maxRemembered) {
        break;
      }
      this.#carriedOut.delete(oldest);
    }
  }
}

function infrastructureError(error: unknown): ExecutionResult {
  const message = messageOf(error);
  return { kind: 'infrastructure_error', message, ...(isDiskFull(error) ? { diskFull: true } : {}) };
}
