/** How high a row is likely to be before it has been drawn, in pixels: a good guess keeps the scroll bar still. */
import { actionOf } from './eventFacts.ts';
import type { Row } from './rows.ts';
import type { RowView } from './rowView.ts';

const line = 19;
const wrapAt = 100;

function linesOf(text: string, most: number): number {
  let lines = 0;
  let from = 0;
  while (lines < most) {
    const end = text.indexOf('\n', from);
    const length = (end < 0 ? text.length : end) - from;
    lines += Math.max(1, Math.ceil(length / wrapAt));
    if (end < 0) break;
    from = end + 1;
  }
  return Math.min(lines, most);
}

const estimates = new WeakMap<Row, number>();

export function estimatedHeight(row: Row, view: RowView): number {
  if (view.folded) return 34;
  const before = estimates.get(row);
  if (before !== undefined) return before;
  const height = unfoldedHeight(row);
  estimates.set(row, height);
  return height;
}

function unfoldedHeight(row: Row): number {
  if (row.kind === 'gap') return Math.max(60, (row.end - row.index) * 110);
  if (row.kind === 'event') return row.event.type === 'started' ? 96 : 64;
  let height = 48 + (row.event.reason === '' ? 0 : 8 + linesOf(row.event.reason, 60) * line);
  for (const { call, observation } of row.acts) {
    height += 62 + linesOf(actionOf(call).code, 28) * line;
    height += observation === null ? 30 : 46 + linesOf(observation.event.observation.text, 21) * line;
  }
  return height;
}
