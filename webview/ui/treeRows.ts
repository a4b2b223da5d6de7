/** A tree as the rows that are in view when some of its items are unfolded, and what a key does to it. */
import { rowAfterKey } from './rowWindow.ts';
import type { TreeItem } from './tree.ts';

export interface TreeRow {
  item: TreeItem;
  /** From 1, as `aria-level` counts. */
  level: number;
  /** Among its siblings, from 1. */
  position: number;
  siblings: number;
  /** Index of the parent's row, -1 at the top. */
  parent: number;
  expandable: boolean;
  expanded: boolean;
}

/** Depth first; items below a folded one are left out. Without recursion: lineages can be hundreds of levels deep. */
export function flatTree(items: readonly TreeItem[], expanded: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const waiting: Omit<TreeRow, 'expandable' | 'expanded'>[] = [];
  const push = (children: readonly TreeItem[], level: number, parent: number) => {
    for (let index = children.length - 1; index >= 0; index--) {
      const item = children[index];
      if (item !== undefined) waiting.push({ item, level, parent, position: index + 1, siblings: children.length });
    }
  };
  push(items, 1, -1);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { item, level } = next;
    const expandable = item.expandable ?? (item.children?.length ?? 0) > 0;
    const unfolded = expandable && expanded.has(item.id);
    rows.push({ ...next, expandable, expanded: unfolded });
    if (unfolded) push(item.children ?? [], level + 1, rows.length - 1);
  }
  return rows;
}

export type TreeStep =
  | { kind: 'move'; index: number }
  | { kind: 'toggle'; id: string }
  | { kind: 'activate'; id: string };

/** What a key means on the row at `index`; null: nothing. A letter leads to the next label that begins with it. */
export function treeStep(key: string, index: number, rows: readonly TreeRow[], page: number): TreeStep | null {
  const row = rows[index];
  if (row === undefined) return null;
  const { id } = row.item;
  if (key === 'Enter') return { kind: 'activate', id };
  if (key === ' ') return row.expandable ? { kind: 'toggle', id } : { kind: 'activate', id };
  if (key === 'ArrowRight') {
    if (row.expandable && !row.expanded) return { kind: 'toggle', id };
    return rows[index + 1]?.parent === index ? { kind: 'move', index: index + 1 } : null;
  }
  if (key === 'ArrowLeft') {
    if (row.expanded) return { kind: 'toggle', id };
    return row.parent < 0 ? null : { kind: 'move', index: row.parent };
  }
  const moved = rowAfterKey(key, index, rows.length, page);
  if (moved !== null) return { kind: 'move', index: moved };
  if ([...key].length !== 1) return null;
  for (let ahead = 1; ahead <= rows.length; ahead++) {
    const at = (index + ahead) % rows.length;
    if (rows[at]?.item.label.toLowerCase().startsWith(key.toLowerCase()) === true) return { kind: 'move', index: at };
  }
  return null;
}
