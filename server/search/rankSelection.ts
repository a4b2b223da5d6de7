/**
 * Temperature-scaled rank selection (§3.1, equation 1): p(i) ∝ (N − r_i + 1)^(1/T), where r is the rank by score, 1 is best,
 * and ties share the mean of the ranks they span. The order is kept as scores come, so that a draw from ten thousand
 * candidates takes microseconds. Pure: draws are passed in.
 */
import type { CandidateId } from '../../protocol/run.ts';
import type { Direction } from '../../protocol/task.ts';

/** Weights are computed relative to a size that stays within this power of two of the present one: none is lost to zero. */
const mostExponentOfTwo = 600;

export class Ranking {
  readonly #sign: number;
  readonly #exponent: number;
  /** Best first; scores with their sign such that less is better. */
  readonly #ids: CandidateId[] = [];
  readonly #keys: number[] = [];
  /** (h / 2 / size)^(1/T) for h = 0 … 2·size: ranks that ties share are halves. */
  #powers = new Float64Array(0);
  #size = 0;
  /** Sum of all weights; null when scores have come since. */
  #total: number | null = null;

  /** @param temperature > 0; towards 0 the choice becomes greedy */
  constructor(direction: Direction, temperature: number) {
    this.#sign = direction === 'minimize' ? 1 : -1;
    this.#exponent = 1 / temperature;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** @param score finite */
  add(id: CandidateId, score: number): void {
    const key = this.#sign * score;
    const place = this.#firstAfter(key);
    this.#ids.splice(place, 0, id);
    this.#keys.splice(place, 0, key);
    this.#total = null;
  }

  /** @param score as it was added @throws {RangeError} if it is not among them */
  remove(id: CandidateId, score: number): void {
    const key = this.#sign * score;
    const place = this.#ids.indexOf(id, this.#firstNotBefore(key));
    if (place < 0 || this.#keys[place] !== key) throw new RangeError(`candidate ${id} is not ranked by ${score}`);
    this.#ids.splice(place, 1);
    this.#keys.splice(place, 1);
    this.#total = null;
  }

  /** The rank of a score that is among them: 1 is best, ties share their mean. */
  rankOf(score: number): number {
    const key = this.#sign * score;
    return (this.#firstNotBefore(key) + 1 + this.#firstAfter(key)) / 2;
  }

  /** The best ones, best first; of equals the one that came first. */
  best(count: number): CandidateId[] {
    return this.#ids.slice(0, count);
  }

  /** The candidate that `uniform` (in [0, 1)) falls on. @throws {RangeError} if there is nothing to choose from */
  draw(uniform: number): CandidateId {
    return this.#drawn(uniform, null);
  }

  /** The same distribution without one of its members: for a second, distinct parent. */
  drawOther(uniform: number, not: CandidateId): CandidateId {
    return this.#drawn(uniform, not);
  }

  #drawn(uniform: number, not: CandidateId | null): CandidateId {
    const without = not === null ? 0 : this.#weightOf(not);
    const all = this.#total ?? this.#sum();
    this.#total = all;
    // What rounding leaves of the others' weight when one had nearly all of it decides nothing: then all others are alike.
    const rest = all - without > 1e-12 * all;
    let left = uniform * (rest ? all - without : this.size - 1);
    let last: CandidateId | null = null;
    for (let start = 0; start < this.size; ) {
      const end = this.#endOfTies(start);
      const weight = rest ? this.#weight(start, end) : 1;
      for (let place = start; place < end; place += 1) {
        const id = this.#ids[place];
        if (id === undefined || id === not) continue;
        last = id;
        left -= weight;
        if (left < 0) return id;
      }
      start = end;
    }
    if (last === null) throw new RangeError('nothing to choose from');
    return last;
  }

  #sum(): number {
    this.#growPowers();
    let total = 0;
    for (let start = 0; start < this.size; ) {
      const end = this.#endOfTies(start);
      total += (end - start) * this.#weight(start, end);
      start = end;
    }
    return total;
  }

  #weightOf(id: CandidateId): number {
    this.#growPowers();
    const key = this.#keys[this.#ids.indexOf(id)] ?? Number.NaN;
    return this.#weight(this.#firstNotBefore(key), this.#firstAfter(key));
  }

  /** The weight of each of those at `start` … `end` − 1, who tie: N − r + 1 with r = (start + 1 + end) / 2, doubled. */
  #weight(start: number, end: number): number {
    return this.#powers[2 * this.size - start - end + 1] ?? 0;
  }

  #growPowers(): void {
    if (this.size <= this.#size) return;
    const growth = 2 ** Math.min(1, mostExponentOfTwo / this.#exponent);
    this.#size = Math.max(this.size, Math.floor(this.size * growth));
    this.#powers = new Float64Array(2 * this.#size + 1);
    for (let half = 0; half < this.#powers.length; half += 1)
      this.#powers[half] = Math.exp(this.#exponent * Math.log(half / 2 / this.#size));
  }

  #endOfTies(start: number): number {
    let end = start + 1;
    while (end < this.#keys.length && this.#keys[end] === this.#keys[start]) end += 1;
    return end;
  }

  #firstNotBefore(key: number): number {
    return this.#search((other) => other >= key);
  }

  #firstAfter(key: number): number {
    return this.#search((other) => other > key);
  }

  /** The first place whose key is past, in a row of keys of which first none are and then all. */
  #search(isPast: (key: number) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isPast(this.#keys[middle] ?? Number.NaN)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
