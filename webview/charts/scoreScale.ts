/**
 * Where a score stands on an axis. In all plots up is better, whatever the metric's direction: a score becomes a coordinate
 * that grows as the score gets better, and plots know coordinates only.
 */
import { isBetter } from '../../protocol/score.ts';
import type { Direction } from '../../protocol/task.ts';
import { linearTicks, logTicks, type Tick } from './ticks.ts';

export type ScoreMode = 'linear' | 'log';

export interface Range {
  from: number;
  to: number;
}

export interface ScoreScale {
  direction: Direction;
  /** What is drawn: `symlog` where a logarithm was wished for and there are values that have none. */
  form: 'linear' | 'log' | 'symlog';
  coordinate(score: number): number;
  score(coordinate: number): number;
  /** Ticks between two coordinates, at round scores. */
  ticks(range: Range, count: number): Tick[];
}

/** @param scores what will be drawn; only decides between `log` and `symlog`, and how wide the linear middle of that is */
export function scoreScale(direction: Direction, mode: ScoreMode, scores: ArrayLike<number>): ScoreScale {
  const sign = direction === 'minimize' ? -1 : 1;
  const form = mode === 'linear' ? 'linear' : everyPositive(scores) ? 'log' : 'symlog';
  const width = form === 'symlog' ? linearWidth(scores) : 1;
  const forward = (score: number): number => {
    if (form === 'linear') return score;
    return form === 'log' ? Math.log10(Math.max(score, Number.MIN_VALUE)) : Math.asinh(score / width) / Math.LN10;
  };
  const back = (value: number): number => {
    if (form === 'linear') return value;
    return form === 'log' ? 10 ** value : Math.sinh(value * Math.LN10) * width;
  };
  const coordinate = (score: number) => sign * forward(score);
  const score = (value: number) => back(sign * value);
  return {
    direction,
    form,
    coordinate,
    score,
    ticks({ from, to }, count) {
      const [low, high] = [score(from), score(to)].sort((a, b) => a - b);
      const ticks = form === 'linear' ? linearTicks(low ?? 0, high ?? 0, count) : logTicks(low ?? 0, high ?? 0, count);
      return ticks.map((tick) => ({ ...tick, position: coordinate(tick.position) }));
    },
  };
}

function everyPositive(scores: ArrayLike<number>): boolean {
  for (let i = 0; i < scores.length; i += 1) {
    const score = scores[i] ?? 0;
    if (Number.isFinite(score) && score <= 0) return false;
  }
  return true;
}

/** A power of ten, so that it seldom changes while a run goes on. */
function linearWidth(scores: ArrayLike<number>): number {
  const sizes = Float64Array.from(
    Array.from(scores, Math.abs).filter((size) => size > 0 && Number.isFinite(size)),
  ).sort();
  const small = sizes[Math.floor(sizes.length / 10)];
  return small === undefined ? 1 : 10 ** Math.floor(Math.log10(small));
}

export interface ScoreDomain extends Range {
  /** How many scores lie below `from`: they are drawn at the edge. */
  clipped: number;
}

/** Of how many quartile distances below the third quartile a score is an outlier: Tukey's "far out". */
const farOut = 3;
const padding = 0.05;

/**
 * What an axis shows when nobody has zoomed: all scores, or, with `clip`, all but wild ones on the bad side. The good side is
 * never clipped: the best is what a reader came for.
 * @param coordinates of all scores, any order; not finite ones are left out
 * @param references coordinates of lines to keep in view where that does not crush the rest
 */
export function scoreDomain(
  coordinates: ArrayLike<number>,
  { clip, references = [] }: { clip: boolean; references?: readonly number[] },
): ScoreDomain {
  const sorted = Float64Array.from(Array.from(coordinates).filter(Number.isFinite)).sort();
  const lines = references.filter(Number.isFinite);
  const best = sorted.at(-1);
  const worst = sorted[0];
  if (best === undefined || worst === undefined) {
    const [low, high] = lines.length === 0 ? [0, 1] : [Math.min(...lines), Math.max(...lines)];
    return { ...padded(low, high), clipped: 0 };
  }
  const low = clip ? lowFence(sorted, worst, best) : worst;
  const span = best - low || Math.abs(best) || 1;
  const near = (line: number) => !clip || (line > low - span && line < best + span);
  const shown = lines.filter(near);
  return {
    ...padded(Math.min(low, ...shown), Math.max(best, ...shown)),
    clipped: low === worst ? 0 : countBelow(sorted, low),
  };
}

function lowFence(sorted: Float64Array, worst: number, best: number): number {
  if (sorted.length < 5) return worst;
  const quartile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? best;
  const [bad, good] = [quartile(0.25), quartile(0.75)];
  const fence = bad - farOut * (good - bad || best - bad);
  const first = sorted.find((coordinate) => coordinate >= fence);
  return first ?? worst;
}

function countBelow(sorted: Float64Array, limit: number): number {
  const first = sorted.findIndex((coordinate) => coordinate >= limit);
  return first < 0 ? sorted.length : first;
}

function padded(low: number, high: number): Range {
  const span = high - low;
  const room = span > 0 ? span * padding : Math.abs(high) * padding || 0.5;
  return { from: low - room, to: high + room };
}

/** The better of two scores; null loses against any. */
export function better(a: number | null, b: number | null, direction: Direction): number | null {
  if (a === null) return b;
  return b === null || !isBetter(b, a, direction) ? a : b;
}
