/** Commands about the views. */
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { walkthroughId } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { type Order, orders } from '../runs/candidateOrder.ts';
import type { RunsNode } from '../runs/runsTree.ts';
import { askText, choose } from '../ui/ask.ts';
import { setContext } from '../views/contexts.ts';
import { setSetting } from '../views/settings.ts';
import { asCandidate, asRun, candidateOf } from './target.ts';

export async function refresh(app: App): Promise<void> {
  const client = await app.connection.need();
  await app.runs.refresh(client);
  app.tasksView.refresh();
  app.setMachine(await client.request('machine.get', {}));
}

export async function setOrder(app: App): Promise<void> {
  const words: { [O in Order]: [string, string] } = {
    lineage: [l10n.t('Lineage'), l10n.t('Each candidate under the one that it came from.')],
    ranking: [l10n.t('Ranking'), l10n.t('The best first.')],
    time: [l10n.t('Time'), l10n.t('The newest first.')],
  };
  const present = app.runsView.tree.order;
  const order = await choose(
    orders.map((value) => ({
      label: words[value][0],
      description: value === present ? l10n.t('now') : '',
      detail: words[value][1],
      value,
    })),
    { title: l10n.t('Order candidates by') },
  );
  if (order !== undefined) await setSetting('runs.order', order);
}

export async function filterRuns(app: App): Promise<void> {
  const filter = await askText({
    title: l10n.t('Filter runs and candidates'),
    prompt: l10n.t(
      'Words that must all be found: #12, failed, crossover, pinned, or words of task, model, idea and summary.',
    ),
    value: app.runsView.tree.filter,
  });
  if (filter !== undefined) setFilter(app, filter.trim());
}

export function clearFilter(app: App): void {
  setFilter(app, '');
}

function setFilter(app: App, filter: string): void {
  app.runsView.arrange(app.runsView.tree.order, filter);
  setContext('aira2.filtered', filter !== '');
  app.drawMessages();
}

export function showMore(app: App, args: readonly unknown[]): void {
  const [node] = args;
  // Only the tree's own rows carry this command.
  if (typeof node === 'object' && node !== null && 'kind' in node) app.runsView.showMore(node as RunsNode);
}

export async function revealInTree(app: App, args: readonly unknown[]): Promise<void> {
  const [first] = args;
  const run = asRun(first);
  if (run !== null) {
    await app.runsView.reveal(run, asCandidate(first)?.candidate ?? null);
    return;
  }
  const ref = await candidateOf(app, args, l10n.t('Reveal a candidate'));
  if (ref !== undefined) await app.runsView.reveal(ref.run, ref.candidate);
}

export async function openWalkthrough(app: App): Promise<void> {
  await vscode.commands.executeCommand(
    'workbench.action.openWalkthrough',
    `${app.context.extension.id}#${walkthroughId}`,
    false,
  );
}
