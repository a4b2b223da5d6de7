/** Best-so-far curves of one group's runs made into one: a middle line, and a band that shows how far seeds lie apart. */
import type { ComparedRun } from '../../protocol/panels.ts';
import { isBetter } from '../../protocol/score.ts';
import type { Direction } from '../../protocol/task.ts';

export type Over = 'time' | 'candidates';
export type Middle = 'mean' | 'median';
export type Spread = 'range' | 'error';

/** A step line: `score[i]` holds from `at[i]` up to `at[i + 1]`, the last one up to `until`. */
export interface StepCurve {
  at: number[];
  score: number[];
  until: number;
  /** The run goes on: nobody knows what it will have beyond `until`. */
  open: boolean;
}

/** @param over active milliseconds, or how many candidates have ended */
export function bestCurve({ summary, points }: ComparedRun, over: Over): StepCurve {
  const curve: StepCurve = { at: [], score: [], until: 0, open: summary.state !== 'finished' };
  let best: number | null = null;
  for (const [index, { activeMs, search }] of points.entries()) {
    const at = over === 'time' ? activeMs : index + 1;
    curve.until = Math.max(curve.until, at);
    if (search === null || (best !== null && !isBetter(search, best, summary.metric.direction))) continue;
    best = search;
    curve.at.push(at);
    curve.score.push(search);
  }
  if (over === 'time') curve.until = Math.max(curve.until, summary.activeMs);
  return curve;
}

export interface Band {
  at: number[];
  middle: number[];
  /** Worse and better edge of the band, in the metric's direction. */
  worse: number[];
  better: number[];
  /** Curves that it is made of. */
  runs: number;
}

/** No more places than a screen has columns for. */
const mostPlaces = 800;

/**
 * Begins where the last of the runs has its first score: before, the middle would be of other runs than after. A run that has
 * ended keeps its best; one that goes on ends the band where it is now.
 * @returns null if a run has no score yet
 */
export function band(curves: readonly StepCurve[], direction: Direction, middle: Middle, spread: Spread): Band | null {
  const begins = curves.map(({ at }) => at[0]);
  if (curves.length === 0 || begins.some((begin) => begin === undefined)) return null;
  const from = Math.max(...begins.map((begin) => begin ?? 0));
  const open = curves.filter((curve) => curve.open).map(({ until }) => until);
  const to = Math.max(from, open.length === 0 ? Math.max(...curves.map(({ until }) => until)) : Math.min(...open));
  const at = places(curves, from, to);
  const result: Band = { at, middle: [], worse: [], better: [], runs: curves.length };
  const cursors = curves.map(() => 0);
  for (const place of at) {
    const scores = curves.map((curve, index) => {
      let cursor = cursors[index] ?? 0;
      while ((curve.at[cursor + 1] ?? Number.POSITIVE_INFINITY) <= place) cursor += 1;
      cursors[index] = cursor;
      return curve.score[cursor] ?? Number.NaN;
    });
    const centre = middle === 'mean' ? meanOf(scores) : medianOf(scores);
    const [low, high] = spread === 'range' ? [Math.min(...scores), Math.max(...scores)] : errorBand(scores, centre);
    result.middle.push(centre);
    result.better.push(direction === 'minimize' ? low : high);
    result.worse.push(direction === 'minimize' ? high : low);
  }
  return result;
}

/** Where any curve steps, and both ends; evenly spread instead where that would be too many. */
function places(curves: readonly StepCurve[], from: number, to: number): number[] {
  const steps = new Set([from, to]);
  for (const curve of curves) for (const at of curve.at) if (at > from && at < to) steps.add(at);
  if (steps.size <= mostPlaces) return [...steps].sort((a, b) => a - b);
  return Array.from({ length: mostPlaces }, (_, index) => from + ((to - from) * index) / (mostPlaces - 1));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** Of the mean, from the spread of the values themselves; 0 for a single one, and for equal ones. */
export function standardErrorOf(values: readonly number[]): number {
  // Of equal values it is nothing, whatever the last bit of their mean says.
  if (values.every((value) => value === values[0])) return 0;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function errorBand(scores: readonly number[], centre: number): [number, number] {
  const error = standardErrorOf(scores);
  return [centre - error, centre + error];
}
