/** A trajectory as the rows of its feed: steps of reason, act and observe, and what happens between them. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import type { ToolCall } from '../../protocol/trajectory.ts';
import { type EventOf, isFailure } from './eventFacts.ts';

export interface Act {
  call: ToolCall;
  /** Absent while the tool runs. */
  observation: { index: number; event: EventOf<'observation'> } | null;
}

export interface StepRow {
  kind: 'step';
  /** Stays the same while the row lives; no other row has it. */
  key: string;
  /** Of its first event in the log. */
  index: number;
  event: EventOf<'model'>;
  acts: readonly Act[];
  failed: boolean;
  submits: boolean;
}

/** An observation whose step is not loaded, or anything that is not part of a step. */
export interface EventRow {
  kind: 'event';
  key: string;
  index: number;
  event: Exclude<TrajectoryItem['event'], { type: 'model' | 'reserved' }>;
  failed: boolean;
}

/** Events that are not loaded: from `index` up to, but without, `end`. */
export interface GapRow {
  kind: 'gap';
  key: string;
  index: number;
  end: number;
}

export type Row = StepRow | EventRow | GapRow;

/** Events that one gap stands for at most, so that it is loaded when it comes into view, not all at once. */
export const gapSize = 200;

/**
 * @param items by their index; a hole where none is loaded.
 * @param isKnown whether an index has been asked for: one that is known and has no item will never have one.
 */
export function rowsOf(
  items: readonly (TrajectoryItem | undefined)[],
  total: number,
  isKnown: (index: number) => boolean,
): Row[] {
  const rows: Row[] = [];
  /** Where a call waits for its observation: the row, and the place among its acts. */
  const waiting = new Map<string, { acts: Act[]; at: number; row: StepRow }>();
  for (let index = 0; index < total; index++) {
    const item = items[index];
    if (item === undefined) {
      if (isKnown(index)) continue;
      let end = index + 1;
      while (end < total && end % gapSize !== 0 && items[end] === undefined && !isKnown(end)) end++;
      rows.push({ kind: 'gap', key: `gap-${Math.floor(index / gapSize)}-${index}`, index, end });
      index = end - 1;
      continue;
    }
    const { event } = item;
    if (event.type === 'model') {
      const acts: Act[] = event.calls.map((call) => ({ call, observation: null }));
      const submits = event.calls.some(({ name }) => name === 'submit');
      const row: StepRow = { kind: 'step', key: `step-${index}`, index, event, acts, failed: false, submits };
      event.calls.forEach((call, at) => {
        waiting.set(call.id, { acts, at, row });
      });
      rows.push(row);
      continue;
    }
    if (event.type === 'reserved') continue;
    if (event.type === 'observation') {
      const open = waiting.get(event.callId);
      const act = open?.acts[open.at];
      if (open !== undefined && act !== undefined) {
        open.acts[open.at] = { ...act, observation: { index, event } };
        open.row.failed ||= isFailure(event);
        waiting.delete(event.callId);
        continue;
      }
    }
    rows.push({ kind: 'event', key: `event-${index}`, index, event, failed: isFailure(event) });
  }
  return rows;
}

/** The same rows, but those that have not changed are the objects that they were: what was drawn for them still holds. */
export function keepUnchanged(before: readonly Row[], after: readonly Row[]): Row[] {
  const known = new Map(before.map((row) => [row.key, row]));
  return after.map((row) => {
    const old = known.get(row.key);
    return old !== undefined && isSame(old, row) ? old : row;
  });
}

function isSame(a: Row, b: Row): boolean {
  if (a.kind === 'gap' || b.kind === 'gap') return a.kind === 'gap' && b.kind === 'gap' && a.end === b.end;
  if (a.event !== b.event) return false;
  if (a.kind !== 'step' || b.kind !== 'step') return a.kind === b.kind;
  return a.acts.every(({ observation }, at) => observation?.event === b.acts[at]?.observation?.event);
}

/** The row that an event of the log is in: the last that begins at or before it. -1 for no rows. */
export function rowAt(rows: readonly Row[], index: number): number {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((rows[middle]?.index ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return rows.length === 0 ? -1 : low;
}

export type Landmark = 'failure' | 'submission';

/** The next (1) or previous (-1) row with a failure or a submission, seen from `from`; -1: there is none. */
export function landmark(rows: readonly Row[], what: Landmark, from: number, direction: 1 | -1): number {
  for (let at = from + direction; at >= 0 && at < rows.length; at += direction) {
    const row = rows[at];
    if (row === undefined || row.kind === 'gap') continue;
    if (what === 'failure' && row.failed) return at;
    if (
      what === 'submission' &&
      ((row.kind === 'step' && row.submits) || (row.kind === 'event' && row.event.type === 'ended'))
    )
      return at;
  }
  return -1;
}
