/** Temperature-scaled rank selection (§3.1, equation 1). Pure: draws are passed in. */
import type { Direction } from '../../protocol/task.ts';

/**
 * Ranks of scores, 1 is best; ties share the mean of the ranks they span.
 * @param scores finite numbers, any order
 */
export function ranks(scores: readonly number[], direction: Direction): number[] {
  const sign = direction === 'minimize' ? 1 : -1;
  const order = scores.map((_, index) => index).sort((a, b) => sign * (at(scores, a) - at(scores, b)));
  const result = new Array<number>(scores.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && at(scores, at(order, end)) === at(scores, at(order, start))) end += 1;
    // Places start+1 … end share their mean.
    for (let place = start; place < end; place += 1) result[at(order, place)] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

/**
 * p(i) ∝ (N − r_i + 1)^(1/T). Computed relative to the largest weight, so that small T does not overflow.
 * @param temperature > 0; towards 0 the choice becomes greedy
 * @returns probabilities that sum to 1, in the order of `scores`
 */
export function selectionProbabilities(scores: readonly number[], direction: Direction, temperature: number): number[] {
  const n = scores.length;
  const weights = ranks(scores, direction).map((rank) => Math.exp(Math.log((n - rank + 1) / n) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The index that `uniform` (in [0, 1)) falls on. @throws {RangeError} if there is nothing to choose from. */
export function chooseIndex(probabilities: readonly number[], uniform: number): number {
  if (probabilities.length === 0) throw new RangeError('nothing to choose from');
  let left = uniform;
  for (const [index, probability] of probabilities.entries()) {
    left -= probability;
    if (left < 0) return index;
  }
  return probabilities.length - 1;
}

/** The same distribution without one of its members: for a second, distinct parent. */
export function without(probabilities: readonly number[], index: number): number[] {
  const rest = 1 - at(probabilities, index);
  const others = probabilities.length - 1;
  return probabilities.map((probability, i) => (i === index ? 0 : rest > 1e-12 ? probability / rest : 1 / others));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of ${items.length}`);
  return item;
}
