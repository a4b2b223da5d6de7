/** Who calls next: turns that finish a trajectory before all others, then the agent that was served longest ago. */

export interface Waiting {
  /** Names the trajectory. */
  agent: string;
  /** The turn with which a trajectory ends: what was paid for before it would be lost without it. */
  finishing: boolean;
}

/** Agents whose last turn is remembered; older ones count as never served. */
const mostAgents = 4096;

export class CallQueue<T extends Waiting> {
  readonly #waiting: T[] = [];
  /** Agent to the number of its last turn; in the order of those numbers. */
  readonly #served = new Map<string, number>();
  #turns = 0;

  get size(): number {
    return this.#waiting.length;
  }

  add(one: T): void {
    this.#waiting.push(one);
  }

  /** @returns whether it was waiting */
  remove(one: T): boolean {
    const index = this.#waiting.indexOf(one);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  /** The next one, still waiting; among equals the first to come. */
  peek(): T | undefined {
    let best: T | undefined;
    for (const one of this.#waiting) if (best === undefined || this.#goesBefore(one, best)) best = one;
    return best;
  }

  /** Takes it out, and counts the turn as its agent's. */
  serve(one: T): void {
    this.remove(one);
    this.#turns += 1;
    this.#served.delete(one.agent);
    this.#served.set(one.agent, this.#turns);
    const [oldest] = this.#served.keys();
    if (this.#served.size > mostAgents && oldest !== undefined) this.#served.delete(oldest);
  }

  /** All that wait, taken out. */
  drain(): T[] {
    return this.#waiting.splice(0);
  }

  #goesBefore(a: T, b: T): boolean {
    if (a.finishing !== b.finishing) return a.finishing;
    return (this.#served.get(a.agent) ?? 0) < (this.#served.get(b.agent) ?? 0);
  }
}
