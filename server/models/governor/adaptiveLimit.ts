/**
 * How many calls may be under way: additive increase, multiplicative decrease (as in inspect_ai's adaptive concurrency). It
 * shrinks once for each episode of rate limiting, however many calls that hits, and grows only while it is what holds calls back.
 */

export interface LimitSettings {
  initial: number;
  smallest: number;
  /** Where nobody says how many calls there may be at most. */
  largest: number;
  /** What is left of the limit after an episode. */
  shrink: number;
}

export const defaultLimits: LimitSettings = { initial: 32, smallest: 1, largest: 256, shrink: 0.8 };

export class AdaptiveLimit {
  readonly #settings: LimitSettings;
  /** What the provider is known to bear, whoever is there at the moment. */
  #learnt: number;
  /** What the strictest of those who are there allows; null: nobody says. */
  #allowed: number | null = null;
  /** Calls that began before this moment belong to an episode that has been answered already. */
  #shrunkAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Partial<LimitSettings> = {}) {
    this.#settings = { ...defaultLimits, ...settings };
    this.#learnt = this.#settings.initial;
  }

  /** Whole calls. */
  get calls(): number {
    return Math.max(this.#settings.smallest, Math.floor(this.#limit));
  }

  /** @param calls null: nobody says. What has been learnt of the provider stays, for when more are allowed again. */
  allow(calls: number | null): void {
    this.#allowed = calls;
  }

  /** @param wasSaturated as many calls were under way as are allowed, or more wanted to be */
  succeeded(wasSaturated: boolean): void {
    if (!wasSaturated) return;
    const limit = this.#limit;
    this.#learnt = Math.max(this.#learnt, Math.min(this.#largest, limit + 1 / limit));
  }

  /**
   * @param startedAt when the refused call was sent
   * @returns whether this begins a new episode
   */
  rateLimited(startedAt: number, now: number): boolean {
    if (startedAt < this.#shrunkAt) return false;
    const { smallest, shrink } = this.#settings;
    this.#learnt = Math.max(smallest, this.#limit * shrink);
    this.#shrunkAt = now;
    return true;
  }

  get #largest(): number {
    return this.#allowed ?? this.#settings.largest;
  }

  /** A number that a person gave is believed from the first call on, until the provider says otherwise. */
  get #limit(): number {
    const isUntried = this.#shrunkAt === Number.NEGATIVE_INFINITY;
    return this.#allowed !== null && isUntried ? this.#allowed : Math.min(this.#learnt, this.#largest);
  }
}
