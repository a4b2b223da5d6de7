/** Listeners that can be taken back. */
export interface Subscription {
  /** Idempotent. */
  dispose(): void;
}

export class Listeners<T> {
  readonly #listeners = new Set<{ listener: (value: T) => void }>();

  add(listener: (value: T) => void): Subscription {
    // The same function can listen twice, and each is taken back by itself.
    const entry = { listener };
    this.#listeners.add(entry);
    return { dispose: () => void this.#listeners.delete(entry) };
  }

  /** In order of adding. Those that are taken back meanwhile hear nothing more. */
  tell(value: T): void {
    for (const entry of [...this.#listeners]) if (this.#listeners.has(entry)) entry.listener(value);
  }
}
