/** The one source of chance in a search: seeded, and its state is stored with every draw so that a run resumes its sequence. */
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

export class Generator {
  readonly #source: RandomGenerator;

  private constructor(source: RandomGenerator) {
    this.#source = source;
  }

  static seeded(seed: number): Generator {
    const generator = new Generator(xoroshiro128plus(seed));
    // The first outputs of small seeds are alike: let the state mix.
    for (let draw = 0; draw < 32; draw += 1) generator.uniform();
    return generator;
  }

  static restored(state: readonly number[]): Generator {
    return new Generator(xoroshiro128plusFromState(state));
  }

  get state(): number[] {
    return [...this.#source.getState()];
  }

  /** Uniform in [0, 1), 32 bits of it. */
  uniform(): number {
    return (this.#source.next() >>> 0) / 2 ** 32;
  }

  /** A seed for something else, 0 … 2^31 - 1. */
  seed(): number {
    return (this.#source.next() >>> 0) & 0x7fffffff;
  }
}
