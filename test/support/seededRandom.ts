/** Chance that can be had again: the same seed, the same draws. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

export class SeededRandom {
  readonly #source: RandomGenerator;

  constructor(seed: number) {
    this.#source = xoroshiro128plus(seed);
    // The first outputs of small seeds are alike: let the state mix.
    for (let draw = 0; draw < 32; draw += 1) this.uniform();
  }

  /** In [0, 1). */
  uniform(): number {
    return (this.#source.next() >>> 0) / 2 ** 32;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.uniform() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** @throws {RangeError} if there is nothing to pick from */
  pick<T>(list: readonly T[]): T {
    const index = Math.floor(this.uniform() * list.length);
    if (index >= list.length) throw new RangeError('there is nothing to pick from');
    return list[index] as T;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = this.between(0, last);
      const [a, b] = [result[last] as T, result[other] as T];
      result[last] = b;
      result[other] = a;
    }
    return result;
  }
}
