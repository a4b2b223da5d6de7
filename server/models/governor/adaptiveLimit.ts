/**
 * How many calls may be under way: additive increase, multiplicative decrease (as in inspect_ai's adaptive concurrency). It
 * shrinks once for each episode of rate limiting, however many calls that hits, and grows only while it is what holds calls back.
 */

export interface LimitSettings {
  initial: number;
  smallest: number;
  largest: number;
  /** What is left of the limit after an episode. */
  shrink: number;
}

export const defaultLimits: LimitSettings = { initial: 32, smallest: 1, largest: 256, shrink: 0.8 };

export class AdaptiveLimit {
  readonly #settings: LimitSettings;
  #limit: number;
  /** Calls that began before this moment belong to an episode that has been answered already. */
  #shrunkAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Partial<LimitSettings> = {}) {
    this.#settings = { ...defaultLimits, ...settings };
    this.#limit = this.#settings.initial;
  }

  /** Whole calls. */
  get calls(): number {
    return Math.max(this.#settings.smallest, Math.floor(this.#limit));
  }

  /** @param wasSaturated as many calls were under way as are allowed, or more wanted to be */
  succeeded(wasSaturated: boolean): void {
    if (wasSaturated) this.#limit = Math.min(this.#settings.largest, this.#limit + 1 / this.#limit);
  }

  /**
   * @param startedAt when the refused call was sent
   * @returns whether this begins a new episode
   */
  rateLimited(startedAt: number, now: number): boolean {
    if (startedAt < this.#shrunkAt) return false;
    this.#shrunkAt = now;
    const { smallest, shrink } = this.#settings;
    this.#limit = Math.max(smallest, this.#limit * shrink);
    return true;
  }
}
