/** A rate that holds in every window, not only on average: at most so much in any minute. The bound may change at any time. */

interface Entry {
  at: number;
  amount: number;
  isCounted: boolean;
}

export class SlidingWindow {
  readonly #windowMs: number;
  /** Kept also without a bound: one that comes later counts what was taken before. */
  readonly #entries: Entry[] = [];
  #total = 0;
  /** Most per window; infinite for no bound. */
  limit = Number.POSITIVE_INFINITY;

  constructor(windowMs = 60_000) {
    this.#windowMs = windowMs;
  }

  /** Milliseconds until `amount` fits; 0 if it does now. What is more than the limit itself waits for an empty window. */
  waitMs(amount: number, now: number): number {
    this.#forget(now);
    let total = this.#total;
    if (total === 0 || total + amount <= this.limit) return 0;
    for (const entry of this.#entries) {
      total -= entry.amount;
      if (total <= 0 || total + amount <= this.limit) return Math.max(1, entry.at + this.#windowMs - now);
    }
    return 0;
  }

  /** @returns the entry, to be corrected when the true amount is known */
  take(amount: number, now: number): Entry {
    const entry = { at: now, amount, isCounted: true };
    this.#entries.push(entry);
    this.#total += amount;
    return entry;
  }

  correct(entry: Entry, amount: number): void {
    if (!entry.isCounted) return;
    this.#total += amount - entry.amount;
    entry.amount = amount;
  }

  #forget(now: number): void {
    for (
      let first = this.#entries[0];
      first !== undefined && first.at + this.#windowMs <= now;
      first = this.#entries[0]
    ) {
      this.#total -= first.amount;
      first.isCounted = false;
      this.#entries.shift();
    }
    if (this.#entries.length === 0) this.#total = 0;
  }
}
