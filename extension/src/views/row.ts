/** A row of a tree, before it becomes a `TreeItem`. */

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

/** `;run;live;`: what `viewItem =~ /;live;/` looks for. */
export function contextTokens(tokens: readonly string[]): string {
  return `;${tokens.join(';')};`;
}
