/** Commands about tasks. */
import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import type { ManifestProblem, TaskCheck, TaskListing } from '../../../protocol/clientViews.ts';
import { formatScoreWithError } from '../../../protocol/score.ts';
import { taskReference } from '../../../protocol/taskReference.ts';
import type { App } from '../app.ts';
import { View } from '../ids.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown } from '../markdown.ts';
import { choose, mention } from '../ui/ask.ts';
import { CannotError } from './failure.ts';

export async function openTask(app: App, args: readonly unknown[]): Promise<void> {
  const listing = await taskOf(app, args, l10n.t('Open the description of a task'));
  if (listing === undefined) return;
  const client = await app.connection.need();
  const { description, dataCard, baselines, medals } = await client.request('task.get', {
    task: taskReference(listing),
  });
  const lines = [description];
  if (dataCard !== null) lines.push(dataCard);
  if (baselines.length > 0)
    lines.push(
      `## ${l10n.t('Reference scores')}`,
      baselines
        .map(({ name, score, how = '' }) => `- **${escapeMarkdown(name)}**: ${score} ${escapeMarkdown(how)}`)
        .join('\n'),
    );
  if (medals.length > 0)
    lines.push(
      `## ${l10n.t('Medals')}`,
      medals.map(({ name, score }) => `- ${escapeMarkdown(name)}: ${score}`).join('\n'),
    );
  await app.documents.show(`${listing.id}.md`, lines.join('\n\n'), 'preview');
}

export async function openManifest(app: App, args: readonly unknown[]): Promise<void> {
  const listing = await taskOf(app, args, l10n.t('Open the manifest of a task'));
  if (listing === undefined) return;
  if (listing.manifest === null) throw new CannotError(l10n.t('Only the prepared data of {0} is left.', listing.id));
  if (!app.connection.isLocal)
    throw new CannotError(l10n.t('The manifest lies on {0}: {1}', app.connection.machine, listing.manifest));
  await vscode.window.showTextDocument(vscode.Uri.file(listing.manifest));
}

export async function validateTask(app: App, args: readonly unknown[]): Promise<void> {
  const task = await manifestOf(app, args);
  if (task === undefined) return;
  const client = await app.connection.need();
  const { problems } = await client.request('task.validate', { task });
  app.diagnostics.set(task, problems);
  const [first] = problems;
  if (first === undefined) mention(l10n.t('No mistake was found in the manifest.'));
  else await showProblem(app, first, problems.length);
}

async function showProblem(app: App, problem: ManifestProblem, count: number): Promise<void> {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}`;
  if (!app.connection.isLocal || !isAbsolute(problem.file)) throw new CannotError(`${place}: ${problem.message}`);
  const at = new vscode.Position((problem.line ?? 1) - 1, (problem.column ?? 1) - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(problem.file), { selection: new vscode.Range(at, at) });
  mention(
    count === 1
      ? l10n.t('1 mistake in the manifest: see Problems.')
      : l10n.t('{0} mistakes in the manifest: see Problems.', count),
  );
}

export async function prepareTask(app: App, args: readonly unknown[]): Promise<void> {
  const listing = await taskOf(app, args, l10n.t('Prepare a task'));
  if (listing === undefined) return;
  await app.withProgress(
    l10n.t('Preparing {0}', listing.id),
    (client, operation, signal) =>
      client.request('task.prepare', { task: taskReference(listing), operation }, { signal }),
    View.tasks,
  );
  app.tasksView.refresh();
  mention(l10n.t('{0} is prepared.', listing.id));
}

export async function checkTask(app: App, args: readonly unknown[]): Promise<void> {
  const listing = await taskOf(app, args, l10n.t('Check a task'));
  if (listing === undefined) return;
  const check = await app.withProgress(
    l10n.t('Checking {0}', listing.id),
    (client, operation, signal) =>
      client.request('task.check', { task: taskReference(listing), operation }, { signal }),
    View.tasks,
  );
  app.tasksView.refresh();
  await app.documents.show(`${listing.id}-check.md`, checkMarkdown(check), 'preview');
}

function checkMarkdown({ task, passed, findings, splits }: TaskCheck): string {
  const marks = { ok: '✓', failed: '✗', warning: '⚠' } as const;
  const rows = splits.map(
    ({ split, rows: count, sample, targets }) =>
      `| ${split} | ${count} | ${sample === null ? '–' : formatScoreWithError({ ...sample, value: sample.score })} | ${escapeMarkdown(
        Object.entries(targets)
          .slice(0, 12)
          .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
          .join(', '),
      )} |`,
  );
  return [
    `# ${escapeMarkdown(task)}`,
    passed ? l10n.t('The task can be used.') : l10n.t('The task does not pass its check.'),
    findings
      .map(({ name, status, detail }) => `- ${marks[status]} **${escapeMarkdown(name)}** ${escapeMarkdown(detail)}`)
      .join('\n'),
    [
      `| ${l10n.t('split')} | ${l10n.t('rows')} | ${l10n.t('score of the sample')} | ${l10n.t('targets')} |`,
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n'),
  ].join('\n\n');
}

/** The row that was named, or what the person picks. */
async function taskOf(app: App, args: readonly unknown[], title: string): Promise<TaskListing | undefined> {
  const named = listingOf(args[0]);
  if (named !== null) return named;
  const client = await app.connection.need();
  const tasks = await app.tasksView.listings(client);
  return choose(
    tasks.map((listing) => ({
      label: listing.title,
      description: listing.id,
      detail: listing.problem ?? '',
      value: listing,
    })),
    { title, placeholder: l10n.t('Which task?') },
  );
}

/** Of the Tasks view. */
export function listingOf(node: unknown): TaskListing | null {
  const isRow = typeof node === 'object' && node !== null && 'listing' in node;
  // Only rows of our own tree have listings.
  return isRow ? (node.listing as TaskListing) : null;
}

/** A manifest: of a row, in the editor in front, or of a task that the person picks. */
async function manifestOf(app: App, args: readonly unknown[]): Promise<string | undefined> {
  const named = listingOf(args[0]);
  const open = vscode.window.activeTextEditor?.document.uri;
  if (named === null && open?.scheme === 'file' && open.path.endsWith('/task.yaml')) return open.fsPath;
  const listing = named ?? (await taskOf(app, args, l10n.t('Validate the manifest of a task')));
  return listing === undefined ? undefined : (listing.manifest ?? taskReference(listing));
}
