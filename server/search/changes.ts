/** Lets many wait until something changes. Changes are counted, so that none is missed between looking and waiting. */
export class Changes {
  #count = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  mark(): void {
    this.#count += 1;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves at once if there has been a change since `count` was read. */
  async after(count: number): Promise<void> {
    if (this.#count === count) await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}
