/** Which rows of a long list are drawn, where every row is equally high. */
export interface RowWindow {
  /** First row that is drawn, and the row after the last. */
  from: number;
  to: number;
}

/**
 * Rows in view and some around them, so that scrolling does not show gaps before the next frame.
 * @param rowHeight in pixels, more than 0
 */
export function rowWindow(
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
  rows: number,
  around = 8,
): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(viewHeight / rowHeight) + 1;
  const from = Math.min(Math.max(0, first - around), Math.max(0, rows - 1));
  return { from: rows === 0 ? 0 : from, to: Math.min(rows, first + shown + around) };
}

/** Where to scroll so that a row is wholly in view; as it is, if it is already. `header` covers the top of the view. */
export function scrollToShow(
  row: number,
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
  header = 0,
): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight + header;
  return bottom > scrollTop + viewHeight ? bottom - viewHeight : scrollTop;
}

/** The row that a key leads to, or null where the key moves nothing. `page`: rows in view. */
export function rowAfterKey(key: string, row: number, rows: number, page: number): number | null {
  const last = rows - 1;
  const to: Record<string, number> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    Home: 0,
    End: last,
    PageDown: row + page,
    PageUp: row - page,
  };
  const target = to[key];
  return target === undefined || rows === 0 ? null : Math.min(last, Math.max(0, target));
}
