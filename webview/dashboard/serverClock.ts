/**
 * The agent server's clock, as far as a panel can know it: events carry its time, and arrive soon after. The machine of the
 * window and the machine of the server may disagree by hours.
 */
export class ServerClock {
  readonly #own: () => number;
  /** Own clock minus the server's; null: no event has come yet, take both for equal. */
  #ahead: number | null = null;

  constructor(own: () => number = Date.now) {
    this.#own = own;
  }

  /** An event with this time has just arrived. Of old ones the newest counts. */
  heard(at: number): void {
    const ahead = this.#own() - at;
    this.#ahead = this.#ahead === null ? ahead : Math.min(this.#ahead, ahead);
  }

  /** Milliseconds since the epoch, as the server counts them. */
  now(): number {
    return this.#own() - (this.#ahead ?? 0);
  }
}
