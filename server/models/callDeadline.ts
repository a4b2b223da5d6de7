/** The deadlines of one call, apart from the caller's own signal: fetch reports both with the same words. */

export interface CallLimits {
  /** Milliseconds for the whole call. */
  totalMs: number;
  /** Milliseconds without a chunk. Generous: a model may think for minutes before its first word. */
  idleMs: number;
}

export class CallDeadline {
  readonly #controller = new AbortController();
  readonly #timers: NodeJS.Timeout[];
  readonly #idle: NodeJS.Timeout;
  /** What ran out, in words; null while nothing has. */
  expired: string | null = null;

  constructor({ totalMs, idleMs }: CallLimits) {
    const after = (ms: number, words: string) =>
      setTimeout(() => {
        this.expired ??= words;
        this.#controller.abort();
      }, ms);
    this.#idle = after(idleMs, `nothing came for ${seconds(idleMs)}`);
    this.#timers = [this.#idle, after(totalMs, `it had not ended after ${seconds(totalMs)}`)];
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A sign of life: the idle time starts anew. */
  touch(): void {
    this.#idle.refresh();
  }

  /** Ends the call's connection, if it is still open, and stops the clocks. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#controller.abort();
  }
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
