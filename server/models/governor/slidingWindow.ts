/** A rate that holds in every window, not only on average: at most `limit` in any minute. */

interface Entry {
  at: number;
  amount: number;
}

export class SlidingWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #entries: Entry[] = [];
  #total = 0;

  /** @param limit per window; infinite for none */
  constructor(limit: number, windowMs = 60_000) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** Milliseconds until `amount` fits; 0 if it does now. What is more than the limit itself waits for an empty window. */
  waitMs(amount: number, now: number): number {
    this.#forget(now);
    let total = this.#total;
    if (total === 0 || total + amount <= this.#limit) return 0;
    for (const entry of this.#entries) {
      total -= entry.amount;
      if (total <= 0 || total + amount <= this.#limit) return Math.max(1, entry.at + this.#windowMs - now);
    }
    return 0;
  }

  /** @returns the entry, to be corrected when the true amount is known */
  take(amount: number, now: number): Entry | null {
    if (this.#limit === Number.POSITIVE_INFINITY) return null;
    const entry = { at: now, amount };
    this.#entries.push(entry);
    this.#total += amount;
    return entry;
  }

  correct(entry: Entry | null, amount: number): void {
    if (entry === null || !this.#entries.includes(entry)) return;
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
      this.#entries.shift();
    }
    if (this.#entries.length === 0) this.#total = 0;
  }
}
