/** Messages to panels have a bound: a webview that is handed too much at once goes grey and stays so. */
import type { TrajectoryItem } from '../../../protocol/clientViews.ts';
import type { Candidate } from '../../../protocol/run.ts';

/** Characters of JSON in one message. */
export const maxMessageLength = 10 * 1024 * 1024;

/** Items in pieces that each fit into a message; one that is too long by itself stands alone. */
export function* fitting(items: readonly TrajectoryItem[], max = maxMessageLength): Generator<TrajectoryItem[]> {
  let piece: TrajectoryItem[] = [];
  let length = 0;
  for (const item of items) {
    const own = JSON.stringify(item).length;
    if (piece.length > 0 && length + own > max) {
      yield piece;
      piece = [];
      length = 0;
    }
    piece.push(item);
    length += own;
  }
  if (piece.length > 0) yield piece;
}

/**
 * Candidates as a chart needs them, within the bound. What is long and only read one candidate at a time is left out where
 * all of it would be too much, guidance and evaluations first, words cut last.
 */
export function lean(candidates: readonly Candidate[], max = maxMessageLength): Candidate[] {
  const steps: ((candidate: Candidate) => Candidate)[] = [
    (candidate) => candidate,
    ({ guidance: _guidance, ...candidate }) => ({ ...candidate, evaluation: [] }),
    ({ idea: _idea, repeats: _repeats, ...candidate }) => ({ ...candidate, summary: candidate.summary.slice(0, 80) }),
    ({ spent: _spent, ...candidate }) => ({ ...candidate, summary: '', author: '' }),
  ];
  let lean = [...candidates];
  for (const step of steps) {
    lean = lean.map(step);
    if (lengthOf(lean, max) <= max) return lean;
  }
  return lean;
}

/** Stops counting beyond `max`. */
function lengthOf(values: readonly unknown[], max: number): number {
  let length = 0;
  for (const value of values) {
    length += JSON.stringify(value).length + 1;
    if (length > max) return length;
  }
  return length;
}
