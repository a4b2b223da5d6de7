/** At most so many pieces of work at a time; the others wait, first come, first served. */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  #under = 0;

  /** @param atOnce at least 1 */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#under >= this.#atOnce) await new Promise<void>((resume) => this.#waiting.push(resume));
    else this.#under += 1;
    try {
      return await work();
    } finally {
      // Whoever is next takes this one's place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#under -= 1;
      else next();
    }
  }
}
