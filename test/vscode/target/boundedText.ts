/** Keeps the end of what a process writes. */
export class BoundedText {
  #text = '';
  readonly #limit: number;

  /** @param limit characters that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  append(text: string): void {
    this.#text = (this.#text + text).slice(-this.#limit);
  }

  toString(): string {
    return this.#text;
  }
}
