/** The commands that begin a run. */
import { taskReference } from '../../../protocol/taskReference.ts';
import type { App } from '../app.ts';
import { listingOf } from '../commands/taskCommands.ts';
import { remembered } from './remembered.ts';
import { startRun } from './startRun.ts';

export async function startRunByQuestions(app: App): Promise<void> {
  await startRun(app, null);
}

export async function startRunWithOptions(app: App): Promise<void> {
  const { task, settings } = remembered(app.context.workspaceState);
  await app.panels.open({ kind: 'start', task }, 'here', settings);
}

export async function startRunOnTask(app: App, args: readonly unknown[]): Promise<void> {
  const listing = listingOf(args[0]);
  await startRun(app, listing === null ? null : taskReference(listing));
}
