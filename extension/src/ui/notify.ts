/** Messages at the corner of the window. What they say may come from anywhere: its words stay words. */
import * as vscode from 'vscode';
import { unlinked } from '../markdown.ts';

const shows = {
  info: vscode.window.showInformationMessage,
  warning: vscode.window.showWarningMessage,
  error: vscode.window.showErrorMessage,
} as const;

/** @returns the action that was chosen; undefined: none */
export function notify(
  severity: keyof typeof shows,
  message: string,
  ...actions: string[]
): Thenable<string | undefined> {
  return shows[severity](unlinked(message), ...actions);
}
