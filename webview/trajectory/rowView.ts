/** What a person has folded and unfolded, row by row. Rows come and go as the feed is scrolled; this stays. */

import type { AnsiPalette } from '../text/ansiStyle.ts';

export interface RowView {
  /** Only one line of it is shown. */
  folded: boolean;
  /** Parts that are unfolded beyond their excerpt: `code-0`, `output-0`, `prompt`, … */
  open: ReadonlySet<string>;
}

export const plainView: RowView = { folded: false, open: new Set() };

/** One piece of an output that the observation shows only the ends of. */
export interface FullOutput {
  /** null: it was not kept. Absent: it has been asked for. */
  text?: string | null;
  offset: number;
  bytes: number;
  nextOffset: number | null;
  /** Where the pieces before this one began, the last one last. */
  before: readonly number[];
}

/** What rows are drawn with beside themselves. */
export interface RowContext {
  actions: RowActions;
  palette: AnsiPalette;
  fullOutput(index: number): FullOutput | undefined;
}

/** What a row lets a person do. */
export interface RowActions {
  fold(key: string): void;
  open(key: string, part: string): void;
  /** Asks for the piece of a full output that begins at `offset`; null puts it away again. */
  output(index: number, offset: number | null): void;
  copy(text: string): void;
  openCandidate(candidate: number): void;
}
