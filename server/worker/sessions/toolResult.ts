/** The result of one call of a tool, and what every session needs to know to make it. */
import type { ExecutionResult } from '../../../protocol/worker.ts';

export type ToolResult = Extract<ExecutionResult, { kind: 'tool' }>;

export interface CallOptions {
  timeoutMs: number;
  /** Gets pieces of the output while the call runs. Lossy: a few times a second at most, and a few kilobytes each. */
  onOutput?: ((text: string) => void) | undefined;
  /** Aborting ends what runs as a person's Ctrl-C would, by force if need be; the outcome is `interrupted`. */
  signal?: AbortSignal | undefined;
}

export type StopReason = 'timeout' | 'interrupted';

/** Tells when a call must be ended, and why: it has used its time, or somebody asks. */
export class StopRequest {
  readonly asked: Promise<StopReason>;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #interrupt: () => void;

  constructor({ timeoutMs, signal }: CallOptions) {
    const asked = Promise.withResolvers<StopReason>();
    this.asked = asked.promise;
    this.#signal = signal;
    this.#interrupt = () => asked.resolve('interrupted');
    // The longest that a timer takes is 24 days.
    this.#timer = setTimeout(() => asked.resolve('timeout'), Math.min(timeoutMs, 2 ** 31 - 1));
    if (signal?.aborted === true) this.#interrupt();
    signal?.addEventListener('abort', this.#interrupt, { once: true });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#interrupt);
  }
}

/** Milliseconds as a person says them. */
export function sayDuration(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 1000)} s`;
}

const liveIntervalMs = 250;
const liveBytes = 4096;

/** Passes on the latest piece of an output now and then, so that watching costs nothing. */
export class LiveOutput {
  readonly #onOutput: ((text: string) => void) | undefined;
  #waiting: Buffer | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(onOutput: ((text: string) => void) | undefined) {
    this.#onOutput = onOutput;
  }

  write(chunk: Buffer): void {
    if (this.#onOutput === undefined) return;
    const piece = chunk.subarray(-liveBytes);
    this.#waiting = this.#waiting === null ? piece : Buffer.concat([this.#waiting, piece]).subarray(-liveBytes);
    this.#timer ??= setTimeout(() => this.flush(), liveIntervalMs);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting !== null) this.#onOutput?.(this.#waiting.toString('utf8'));
    this.#waiting = null;
  }
}
