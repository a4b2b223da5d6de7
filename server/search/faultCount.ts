/**
 * Counts faults of the infrastructure (invariant 5): what was cut off by one is put back, what is cut off again and again is
 * given up, and a machine on which nothing comes to an end is not fit for the run.
 */

/** How many times work is put back. */
const requeues = 1;
/** So many faults in a row, with no work brought to an end between them: the machine is not fit. */
const mostInARow = 8;

export type FaultVerdict =
  | { kind: 'again' }
  /** This work only. */
  | { kind: 'give_up'; reason: string }
  | { kind: 'unfit'; reason: string };

export class FaultCount {
  readonly #limit: number;
  readonly #of = new Map<string | number, number>();
  #inARow = 0;

  /** @param slots each may fail once or twice for the same cause */
  constructor(slots: number) {
    this.#limit = Math.max(mostInARow, 2 * slots);
  }

  /** Some work has come to an end: the machine can do it. */
  cleared(): void {
    this.#inARow = 0;
  }

  /** @param work names what was cut off */
  count(work: string | number, message: string): FaultVerdict {
    const faults = (this.#of.get(work) ?? 0) + 1;
    this.#of.set(work, faults);
    this.#inARow += 1;
    if (this.#inARow >= this.#limit)
      return { kind: 'unfit', reason: `${this.#inARow} faults of the infrastructure in a row, the last: ${message}` };
    if (faults <= requeues) return { kind: 'again' };
    return { kind: 'give_up', reason: `given up after ${faults} faults of the infrastructure, the last: ${message}` };
  }
}
