/**
 * The worker's side of the line to the agent server: dials, says hello, holds the lease's epoch, and tells when the
 * worker's time is up. It goes on dialling while the server is away; after the grace it gives up.
 */
import type { WebSocket } from 'ws';
import { workerMaxPayloadBytes } from '../../protocol/dial.ts';
import { ReconnectingConnection } from '../../protocol/reconnecting.ts';
import { Peer } from '../../protocol/rpc.ts';
import { DialError, RemoteError, RpcRefusal } from '../../protocol/rpcErrors.ts';
import { messageOf } from '../../protocol/thrown.ts';
import {
  protocolVersion,
  serverToWorker,
  type WorkerCapabilities,
  type WorkerConfig,
  workerRefusals,
  workerToServer,
} from '../../protocol/worker.ts';
import type { ServerPeer } from './delivery.ts';

/** Names this build of the worker; a server of another build is fine as long as the protocol is the same. */
export const build = '0.1.0';

export interface LinkLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface LinkOptions {
  config: WorkerConfig;
  capabilities: WorkerCapabilities;
  sessions: () => string[];
  executions: () => string[];
  /** Sets the handlers of a fresh connection. */
  prepare: (peer: ServerPeer) => void;
  /** Hello was answered: the lease is held under this epoch. */
  onLease: (peer: ServerPeer, epoch: number) => void;
  onDisconnected: () => void;
  /** There is no point in going on: revoked, refused, or no server within the grace. */
  onOver: (reason: string) => void;
  log: LinkLog;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #connection: ReconnectingConnection;
  #epoch = 0;
  #peer: ServerPeer | null = null;
  #grace: NodeJS.Timeout | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { config, log } = options;
    this.#startGrace();
    this.#connection = new ReconnectingConnection({
      target: () => ({ url: config.url, token: config.token }),
      maxPayloadBytes: workerMaxPayloadBytes,
      ...(config.keepAliveMs === undefined ? {} : { keepAliveMs: config.keepAliveMs }),
      onConnected: (socket) => this.#hello(socket),
      onDisconnected: (reason) => {
        log.warn({ reason }, 'the connection to the server is gone; dialling again');
        this.#peer = null;
        this.#startGrace();
        options.onDisconnected();
      },
      onFailedAttempt: (error, attempt) => {
        const over = finalReason(error);
        if (over !== null) {
          options.onOver(over);
          return 'stop';
        }
        if (attempt === 1 || attempt % 20 === 0) {
          log.warn({ attempt, reason: messageOf(error) }, 'no server yet');
        }
        return 'retry';
      },
    });
  }

  /** The epoch of the present or last lease, 0 before the first. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The connection over which the lease is held, null while there is none. */
  get peer(): ServerPeer | null {
    return this.#peer;
  }

  /** @throws RpcRefusal the message belongs to another lease than the present one */
  requireEpoch(epoch: number): void {
    if (epoch !== this.#epoch) {
      throw new RpcRefusal(workerRefusals.staleEpoch, `epoch ${epoch} is not the present one, ${this.#epoch}`);
    }
  }

  async stop(): Promise<void> {
    this.#stopGrace();
    await this.#connection.stop();
  }

  async #hello(socket: WebSocket): Promise<void> {
    const { config, capabilities, log } = this.#options;
    const peer: ServerPeer = new Peer(socket, {
      local: serverToWorker,
      remote: workerToServer,
      maxPayloadBytes: workerMaxPayloadBytes,
      log: { warn: (message) => log.warn({}, message) },
    });
    this.#options.prepare(peer);
    peer.listen();
    const { epoch } = await peer.request(
      'hello',
      {
        protocol: protocolVersion,
        build,
        workerId: config.workerId,
        slot: config.slot,
        pid: process.pid,
        epoch: this.#epoch,
        capabilities,
        sessions: this.#options.sessions(),
        executions: this.#options.executions(),
      },
      { timeoutMs: 10_000 },
    );
    this.#epoch = epoch;
    this.#peer = peer;
    this.#stopGrace();
    log.info({ epoch }, 'lease taken');
    this.#options.onLease(peer, epoch);
  }

  #startGrace(): void {
    const { graceMs } = this.#options.config;
    this.#grace ??= setTimeout(
      () => this.#options.onOver(`no server for ${Math.round(graceMs / 1000)} s, the grace is over`),
      graceMs,
    );
  }

  #stopGrace(): void {
    if (this.#grace !== null) {
      clearTimeout(this.#grace);
      this.#grace = null;
    }
  }
}

/** Why dialling on is pointless, or null if it is not: a refused token never becomes valid again. */
function finalReason(error: unknown): string | null {
  if (error instanceof DialError && error.status === 401) {
    return 'the server does not know this worker any more (its token was refused)';
  }
  const finalKinds: readonly (string | null)[] = [workerRefusals.revoked, workerRefusals.protocolMismatch];
  if (error instanceof RemoteError && finalKinds.includes(error.kind)) {
    return `the server refused this worker: ${error.message}`;
  }
  return null;
}
