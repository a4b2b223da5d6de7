/** Comparing and showing scores. */
import type { Score } from './run.ts';
import type { Direction } from './task.ts';

/** True if `a` is strictly better than `b`. */
export function isBetter(a: number, b: number, direction: Direction): boolean {
  return direction === 'minimize' ? a < b : a > b;
}

/** A score for people: five significant digits at most, so that a column of them can be read. */
export function formatScore(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toFixed(1);
  const magnitude = Math.abs(value);
  return magnitude >= 1e-3 && magnitude < 1e6 ? value.toPrecision(5) : value.toExponential(3);
}

/** `0.08871 ± 0.0012`; of a self-reported one nobody knows the error. */
export function formatScoreWithError(score: Pick<Score, 'value' | 'standardError' | 'selfReported'>): string {
  if (score.selfReported === true) return `${formatScore(score.value)} (self-reported)`;
  return `${formatScore(score.value)} ± ${Number(score.standardError.toPrecision(2))}`;
}
