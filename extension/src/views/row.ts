/** A row of a tree, before it becomes a `TreeItem`. */
import { oneLine } from '../markdown.ts';

export interface Row {
  label: string;
  description: string;
  icon: RowIcon;
  /** `;`-separated tokens that menus look for, with a `;` at both ends. */
  contextValue: string;
  /** For a screen reader: the whole row as a sentence. */
  spoken: string;
}

/** A ThemeIcon: shape and theme colour. */
export interface RowIcon {
  id: string;
  color?: string;
}

/** Its words on one line each, without what could hide them or turn them around, whoever wrote them. */
export function inertRow(row: Row): Row {
  const { label, description, spoken } = row;
  return { ...row, label: oneLine(label), description: oneLine(description), spoken: oneLine(spoken) };
}

/** `;run;live;`: what `viewItem =~ /;live;/` looks for. */
export function contextTokens(tokens: readonly string[]): string {
  return `;${tokens.join(';')};`;
}
