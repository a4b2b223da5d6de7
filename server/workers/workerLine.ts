/** One connection of a worker: hello first, then executions and renewals under the lease that hello has granted. */
import type { WebSocket } from 'ws';
import type * as z from 'zod';
import { workerMaxPayloadBytes } from '../../protocol/dial.ts';
import { Peer } from '../../protocol/rpc.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import {
  type ExecutionRequest,
  type ExecutionResult,
  protocolVersion,
  type SandboxSpec,
  serverToWorker,
  workerRefusals,
  workerToServer,
} from '../../protocol/worker.ts';
import { staleEpoch, type WorkerLine } from './executionBook.ts';

export type Hello = z.output<(typeof workerToServer)['hello']['params']>;

/** A worker that connects and does not say hello is shown out. */
const helloTimeoutMs = 10_000;
/** Killing a sandbox with many processes takes its time on a loaded machine. */
const closeSessionTimeoutMs = 30_000;

export interface LineOptions {
  requestMs: number;
  leaseMs: number;
  /** Grants a new epoch, durably, or throws an `RpcRefusal`. */
  grant: (line: SlotLine, hello: Hello) => Promise<number>;
  /** The answer to hello is on its way. */
  onGranted: (line: SlotLine) => void;
  onFinished: (line: SlotLine, execId: string, result: ExecutionResult) => Promise<'accepted' | 'unclaimed'>;
  onOutput: (line: SlotLine, execId: string, text: string) => void;
  onClosed: (line: SlotLine, reason: string) => void;
  warn: (message: string) => void;
}

export class SlotLine implements WorkerLine {
  readonly #peer: Peer<typeof workerToServer, typeof serverToWorker>;
  readonly #options: LineOptions;
  #epoch = 0;
  #hello: Hello | null = null;

  /** @param socket authenticated and open; owned from here */
  constructor(socket: WebSocket, options: LineOptions) {
    this.#options = options;
    this.#peer = new Peer(socket, {
      local: workerToServer,
      remote: serverToWorker,
      maxPayloadBytes: workerMaxPayloadBytes,
      log: { warn: options.warn },
    });
    const impatience = setTimeout(() => this.#peer.terminate(), helloTimeoutMs);
    this.#peer.closed.then((reason) => {
      clearTimeout(impatience);
      options.onClosed(this, reason);
    });
    this.#peer.handle('hello', async (hello) => {
      this.#requireFirst(hello);
      this.#hello = hello;
      this.#epoch = await options.grant(this, hello);
      clearTimeout(impatience);
      setImmediate(() => options.onGranted(this));
      return { epoch: this.#epoch, leaseMs: options.leaseMs };
    });
    this.#peer.handle('execution.finished', async ({ execId, epoch, result }) => {
      this.#requireEpoch(epoch);
      return { state: await options.onFinished(this, execId, result) };
    });
    this.#peer.handle('execution.output', ({ execId, text }) => {
      options.onOutput(this, execId, text);
      return {};
    });
    this.#peer.listen();
  }

  /** The lease that this connection's hello was granted, 0 before. */
  get epoch(): number {
    return this.#epoch;
  }

  get hello(): Hello | null {
    return this.#hello;
  }

  start(execId: string, request: ExecutionRequest) {
    const { requestMs: timeoutMs } = this.#options;
    return this.#peer.request('execution.start', { execId, epoch: this.#epoch, request }, { timeoutMs });
  }

  cancel(execId: string) {
    return this.#peer.request('execution.cancel', { execId }, { timeoutMs: this.#options.requestMs });
  }

  forget(execIds: string[]) {
    return this.#peer.request('execution.forget', { execIds }, { timeoutMs: this.#options.requestMs });
  }

  renew() {
    return this.#peer.request('lease.renew', { epoch: this.#epoch }, { timeoutMs: this.#options.requestMs });
  }

  openSession(session: string, spec: SandboxSpec, signal: AbortSignal | undefined) {
    const { requestMs: timeoutMs } = this.#options;
    return this.#peer.request('session.open', { session, spec }, { timeoutMs, ...(signal ? { signal } : {}) });
  }

  closeSession(session: string) {
    return this.#peer.request('session.close', { session }, { timeoutMs: closeSessionTimeoutMs });
  }

  shutdown() {
    return this.#peer.request('shutdown', {}, { timeoutMs: this.#options.requestMs });
  }

  /** Ends the connection at once. */
  drop(): void {
    this.#peer.terminate();
  }

  #requireFirst(hello: Hello): void {
    if (this.#hello !== null) {
      throw new RpcRefusal(workerRefusals.staleEpoch, 'hello was said on this connection before');
    }
    if (hello.protocol !== protocolVersion) {
      throw new RpcRefusal(
        workerRefusals.protocolMismatch,
        `the server speaks protocol ${protocolVersion}, the worker ${hello.protocol}: install the same release on both`,
      );
    }
  }

  #requireEpoch(epoch: number): void {
    if (epoch === 0 || epoch !== this.#epoch) {
      throw staleEpoch(epoch, this.#epoch);
    }
  }
}
