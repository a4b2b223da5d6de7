/** A row as VS Code draws it. */
import * as vscode from 'vscode';
import { inertRow, type Row, type RowIcon } from './row.ts';

export function themeIcon({ id, color }: RowIcon): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, color === undefined ? undefined : new vscode.ThemeColor(color));
}

export function treeItem(id: string, given: Row, collapsible: vscode.TreeItemCollapsibleState): vscode.TreeItem {
  const row = inertRow(given);
  const item = new vscode.TreeItem(row.label, collapsible);
  item.id = id;
  item.description = row.description;
  item.iconPath = themeIcon(row.icon);
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.spoken };
  return item;
}

/** Our own markdown, with no links to commands and no HTML. */
export function tooltipOf(markdown: string): vscode.MarkdownString {
  return new vscode.MarkdownString(markdown, false);
}
