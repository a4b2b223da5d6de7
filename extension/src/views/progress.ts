/** A long request and its steps: in a view that is open, else as a notification that can be cancelled. */
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { Listeners } from '../../../protocol/subscription.ts';
import { oneLine, unlinked } from '../markdown.ts';

export interface ProgressOptions {
  title: string;
  /** null: no view is open. */
  viewId: string | null;
  steps: Listeners<{ operation: string; message: string }>;
  /** Above the rows of the view. */
  say: (message: string | null) => void;
}

/** @param act is given the operation's name, under which the server tells its steps */
export async function withProgress<T>(
  { title, viewId, steps, say }: ProgressOptions,
  act: (operation: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const operation = randomUUID();
  const abort = new AbortController();
  const location = viewId === null ? vscode.ProgressLocation.Notification : { viewId };
  return vscode.window.withProgress({ location, title, cancellable: viewId === null }, async (progress, token) => {
    const cancelled = token.onCancellationRequested(() => abort.abort(new vscode.CancellationError()));
    const told = steps.add((step) => {
      if (step.operation !== operation) return;
      progress.report({ message: unlinked(oneLine(step.message)) });
      if (viewId !== null) say(`${title}: ${step.message}`);
    });
    if (viewId !== null) say(`${title} …`);
    try {
      return await act(operation, abort.signal);
    } finally {
      cancelled.dispose();
      told.dispose();
      if (viewId !== null) say(null);
    }
  });
}
