/**
 * A connection that is dialled again, with back-off and jitter, until it is told to stop. What is said on each fresh
 * connection (handlers, hello) is the caller's `onConnected`; while that has not resolved, the connection does not count.
 */
import type { WebSocket } from 'ws';
import { type DialOptions, dial } from './dial.ts';
import { keepAlive } from './webSocketTransport.ts';

export interface Backoff {
  /** Wait before the second attempt, in milliseconds. */
  firstMs: number;
  /** The longest wait. */
  maxMs: number;
  factor: number;
}

/** A stream that something else opens, such as ssh, takes a handshake of its own. */
const farDialTimeoutMs = 40_000;

export const defaultBackoff: Backoff = { firstMs: 100, maxMs: 5000, factor: 2 };

/** A server, and the way to it. */
type Where = Pick<DialOptions, 'url' | 'token' | 'open'>;

export interface ReconnectingOptions {
  /**
   * Read before every attempt: a restarted server may have moved, or changed its token. `stop` waits for it: what takes long
   * gives up at the signal.
   */
  target: (signal: AbortSignal) => Promise<Where> | Where;
  maxPayloadBytes: number;
  /** Says hello. Must resolve within `helloTimeoutMs`, or the connection is dropped and dialled again. */
  onConnected: (socket: WebSocket) => Promise<void>;
  /** The connection that had been up is gone. Dialling goes on by itself. */
  onDisconnected?: (reason: string) => void;
  /** An attempt failed. Return `stop` to give up for good (a refused token, say). Default: always `retry`. */
  onFailedAttempt?: (error: unknown, attempt: number) => 'retry' | 'stop';
  backoff?: Backoff;
  dialTimeoutMs?: number;
  helloTimeoutMs?: number;
  /** How often the other end is pinged, in milliseconds; silence for two intervals ends the connection. */
  keepAliveMs?: number;
  /** A number in [0, 1) for the jitter. */
  random?: () => number;
}

export class ReconnectingConnection {
  readonly #options: ReconnectingOptions;
  readonly #stop = new AbortController();
  #socket: WebSocket | null = null;
  /** Ends the wait for the next attempt; null while there is none. */
  #wake: (() => void) | null = null;

  /** Resolves when dialling has ended for good: `stop` was called, or an attempt said so. */
  readonly ended: Promise<void>;

  constructor(options: ReconnectingOptions) {
    this.#options = options;
    this.ended = this.#run();
  }

  /** Ends the connection and the dialling. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the connection was stopped'));
    this.#socket?.terminate();
    await this.ended;
  }

  /** Drops the present connection, or the wait for the next attempt: it is dialled at once. */
  drop(): void {
    this.#socket?.terminate();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { backoff = defaultBackoff, onFailedAttempt, random = Math.random } = this.#options;
    let attempt = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const reason = await this.#connectOnce(() => {
          attempt = 0;
        });
        this.#options.onDisconnected?.(reason);
      } catch (error) {
        if (this.#stop.signal.aborted) {
          return;
        }
        attempt += 1;
        if (onFailedAttempt?.(error, attempt) === 'stop') {
          return;
        }
      }
      await pause(waitMs(backoff, attempt, random), this.#stop.signal, (wake) => {
        this.#wake = wake;
      });
      this.#wake = null;
    }
  }

  /** Resolves with the reason when a connection that was up has ended; rejects when it never came up. */
  async #connectOnce(onUp: () => void): Promise<string> {
    const { maxPayloadBytes, dialTimeoutMs = 10_000, helloTimeoutMs = 10_000, keepAliveMs = 10_000 } = this.#options;
    const { signal } = this.#stop;
    const { url, token, open } = await this.#options.target(signal);
    const timeoutMs = open === undefined ? dialTimeoutMs : Math.max(dialTimeoutMs, farDialTimeoutMs);
    const socket = await dial({ url, token, open, maxPayloadBytes, timeoutMs, signal });
    this.#socket = socket;
    const ended = new Promise<string>((resolve) => {
      socket.once('close', (code, reason) =>
        resolve(reason.length > 0 ? reason.toString('utf8') : `closed with code ${code}`),
      );
    });
    keepAlive(socket, keepAliveMs);
    let timer: NodeJS.Timeout | undefined;
    try {
      await Promise.race([
        this.#options.onConnected(socket),
        ended.then((reason) => Promise.reject(new Error(`the connection ended before hello was answered: ${reason}`))),
        new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error(`no hello within ${helloTimeoutMs} ms`)), helloTimeoutMs);
        }),
      ]);
    } catch (error) {
      socket.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    onUp();
    return ended;
  }
}

/** Exponential, with "equal jitter": between half of the step and all of it. */
export function waitMs(backoff: Backoff, attempt: number, random: () => number): number {
  const step = Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** Math.min(attempt, 30));
  return step / 2 + (step / 2) * random();
}

function pause(ms: number, signal: AbortSignal, onWaiting: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    onWaiting(done);
    if (signal.aborted) {
      done();
    }
  });
}
