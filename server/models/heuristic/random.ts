/** Seeded draws. Every draw of a trajectory comes from its own seed, in the order of the trajectory: no clock, no global state. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed | 0);
    // Neighbouring seeds start alike; a few draws part them.
    for (let skipped = 0; skipped < 8; skipped += 1) uniformInt(this.#generator, 0, 1);
  }

  /** In [0, 1). */
  next(): number {
    return uniformFloat64(this.#generator);
  }

  /** One of `items`, each equally likely. */
  pick<T>(items: readonly [T, ...T[]]): T;
  pick<T>(items: readonly T[]): T | undefined;
  pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[uniformInt(this.#generator, 0, items.length - 1)];
  }

  /** One of `items` with probability proportional to its weight; undefined if no weight is positive. */
  pickWeighted<T>(items: readonly T[], weight: (item: T) => number): T | undefined {
    const weights = items.map((item) => Math.max(0, weight(item)));
    const total = weights.reduce((sum, each) => sum + each, 0);
    let left = this.next() * total;
    if (total <= 0) return undefined;
    for (const [index, item] of items.entries()) {
      left -= weights[index] ?? 0;
      if (left < 0) return item;
    }
    return items.at(-1);
  }

  /** The items in a random order. */
  shuffle<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.next() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
  }
}
