/** Long text folded: its first and last lines, and how much lies between. */
import type { Line } from './ansi.ts';

export interface Excerpt {
  head: readonly Line[];
  /** Lines left out; 0: nothing is, and there is no tail. */
  hidden: number;
  tail: readonly Line[];
}

/** Lines that are shown of what is longer than their sum and a few more: folding away two lines helps nobody. */
export interface FoldSize {
  head: number;
  tail: number;
}

/** Longest line that is drawn whole, in characters: laying out one of a million would stop the page. */
export const longestLine = 4000;

export function excerpt(lines: readonly Line[], { head, tail }: FoldSize): Excerpt {
  if (lines.length <= head + tail + 3) return { head: lines, hidden: 0, tail: [] };
  return { head: lines.slice(0, head), hidden: lines.length - head - tail, tail: lines.slice(-tail) };
}

/** A line cut to what can be drawn. `cut`: characters left out. */
export function shortLine(line: Line, longest: number = longestLine): { line: Line; cut: number } {
  let room = longest;
  let cut = 0;
  const kept = [];
  for (const span of line) {
    if (room > 0) kept.push(span.text.length <= room ? span : { ...span, text: span.text.slice(0, room) });
    cut += Math.max(0, span.text.length - Math.max(0, room));
    room -= span.text.length;
  }
  return { line: kept, cut };
}
