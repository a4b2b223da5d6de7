/**
 * How long a worker has been silent, by a clock that stands still while this process does: a server that was suspended
 * must not hold its own absence against its workers.
 */
export class Silence {
  readonly #now: () => number;
  readonly #maxStepMs: number;
  #silentMs = 0;
  #last: number;

  /** @param maxStepMs the most that one look can add: a few times the interval between looks */
  constructor(maxStepMs: number, now: () => number = () => performance.now()) {
    this.#maxStepMs = maxStepMs;
    this.#now = now;
    this.#last = now();
  }

  /** The worker was heard. */
  end(): void {
    this.#silentMs = 0;
    this.#last = this.#now();
  }

  /** Milliseconds of silence up to this look. */
  look(): number {
    const now = this.#now();
    this.#silentMs += Math.min(now - this.#last, this.#maxStepMs);
    this.#last = now;
    return this.#silentMs;
  }
}
