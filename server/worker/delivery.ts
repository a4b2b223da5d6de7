/**
 * Brings finished results to the server: at least once each, a few at a time, again on every new connection, until the
 * server has acknowledged them. What the server does not claim waits until it is asked for.
 */
import type { Peer } from '../../protocol/rpc.ts';
import { FrameTooLargeError, PeerClosedError, RemoteError, RequestTimeoutError } from '../../protocol/rpcErrors.ts';
import {
  type ExecutionResult,
  type serverToWorker,
  workerRefusals,
  type workerToServer,
} from '../../protocol/worker.ts';

export type ServerPeer = Peer<typeof serverToWorker, typeof workerToServer>;

/** Results may be large: this many are in memory at a time. */
const maxInFlight = 4;
/** A server that makes a result durable may take a while, but not for ever. */
const acknowledgeTimeoutMs = 60_000;
const retryAfterMs = 1000;

export interface DeliveryOptions {
  finished: () => string[];
  result: (execId: string) => Promise<ExecutionResult | null>;
  settle: (execIds: string[]) => Promise<void>;
  log: { warn(fields: object, message: string): void };
}

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #queue = new Set<string>();
  readonly #inFlight = new Set<string>();
  /** Asked for again while on its way: if that delivery ends unclaimed, it goes once more. */
  readonly #again = new Set<string>();
  #connection: { peer: ServerPeer; epoch: number } | null = null;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** A new connection under a new lease: everything unacknowledged goes out again. */
  connected(peer: ServerPeer, epoch: number): void {
    this.#connection = { peer, epoch };
    for (const execId of this.#options.finished()) {
      this.#queue.add(execId);
    }
    this.#pump();
  }

  disconnected(): void {
    this.#connection = null;
    this.#queue.clear();
  }

  add(execId: string): void {
    if (this.#inFlight.has(execId)) {
      this.#again.add(execId);
      return;
    }
    this.#queue.add(execId);
    this.#pump();
  }

  #pump(): void {
    for (const execId of this.#queue) {
      if (this.#connection === null || this.#inFlight.size >= maxInFlight) {
        return;
      }
      this.#queue.delete(execId);
      this.#inFlight.add(execId);
      const { peer, epoch } = this.#connection;
      this.#deliver(execId, peer, epoch)
        .catch((error: unknown) => this.#options.log.warn({ execId, err: error }, 'delivering a result failed'))
        .finally(() => {
          this.#inFlight.delete(execId);
          this.#pump();
        });
    }
  }

  async #deliver(execId: string, peer: ServerPeer, epoch: number): Promise<void> {
    const result = await this.#options.result(execId);
    if (result === null) {
      return;
    }
    try {
      const { state } = await send(peer, execId, epoch, result);
      if (state === 'accepted') {
        this.#again.delete(execId);
        await this.#options.settle([execId]);
      } else if (this.#again.delete(execId)) {
        this.#queue.add(execId);
      }
    } catch (error) {
      this.#retry(execId, peer, error);
    }
  }

  /** Nothing is lost by an error here: the result stays in the journal. */
  #retry(execId: string, peer: ServerPeer, error: unknown): void {
    if (this.#connection?.peer !== peer || error instanceof PeerClosedError) {
      // A newer connection has its own queue; if this result was in flight when that came up, it still goes there.
      this.#queue.add(execId);
      return;
    }
    this.#options.log.warn({ execId, err: error }, 'the server did not take a result');
    if (error instanceof RemoteError && error.kind === workerRefusals.staleEpoch) {
      peer.terminate();
      return;
    }
    if (error instanceof RemoteError || error instanceof RequestTimeoutError) {
      setTimeout(() => this.add(execId), retryAfterMs).unref();
      return;
    }
    throw error;
  }
}

/** A result too large for one frame is sent without its output, and says so: that is the program's doing. */
async function send(peer: ServerPeer, execId: string, epoch: number, result: ExecutionResult) {
  const options = { timeoutMs: acknowledgeTimeoutMs };
  try {
    return await peer.request('execution.finished', { execId, epoch, result }, options);
  } catch (error) {
    if (!(error instanceof FrameTooLargeError)) {
      throw error;
    }
    return await peer.request('execution.finished', { execId, epoch, result: withoutPayload(result, error) }, options);
  }
}

function withoutPayload(result: ExecutionResult, error: FrameTooLargeError): ExecutionResult {
  const limit = `it takes ${error.bytes} bytes on the wire, ${error.limitBytes} are allowed`;
  switch (result.kind) {
    case 'evaluated':
      return { ...result, outputGzipBase64: null, outputProblem: `the output file is too large to send: ${limit}` };
    case 'exported':
      return { kind: 'export_refused', message: `the folder is too large to send: ${limit}` };
    default:
      return {
        kind: 'infrastructure_error',
        message: `a result of kind ${result.kind} is too large to send: ${limit}`,
      };
  }
}
