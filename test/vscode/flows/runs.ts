/** What scenarios do with runs, as a person would. */
import type { Locator } from 'playwright-core';
import type { TreeRow } from '../pages/treeView.ts';
import { until } from '../pages/until.ts';
import type { Workbench } from '../pages/workbench.ts';

/** A server that starts, a task that is prepared, a first candidate: on a busy machine each takes its time. */
export const slowMs = 420_000;

export interface Answers {
  task: string;
  model?: string;
  budget?: string;
}

/** Answers the questions of Start Run and waits for the run's row. */
export async function startRun(
  vscode: Workbench,
  { task, model = 'Built-in researcher', budget = '12 candidates' }: Answers,
): Promise<void> {
  await vscode.palette.run('AIRA2: Start Run');
  await pick(vscode, 'on which task', task);
  await pick(vscode, 'with which model', model);
  await pick(vscode, 'for how long', budget);
  await pick(vscode, 'this is the plan', 'Start');
  await vscode.tree('Runs').has('the new run', (rows) => rows.some(({ level }) => level === 1), slowMs);
}

/** Chooses in the question of this title, once its choices have come. */
export async function pick(vscode: Workbench, title: string, choice: string | RegExp): Promise<void> {
  const widget = vscode.quickInput.widget.filter({ hasText: title });
  const row = widget.locator('.quick-input-list .monaco-list-row').filter({ hasText: choice }).first();
  await row.waitFor({ timeout: slowMs });
  await row.click();
}

/** Candidates among rows. */
export function candidates(rows: readonly TreeRow[]): TreeRow[] {
  return rows.filter(({ label }) => /^#\d+$/.test(label));
}

export function scored(rows: readonly TreeRow[]): TreeRow[] {
  return candidates(rows).filter(({ description }) => /^-?\d/.test(description));
}

/** Waits until the open run has so many scored candidates. */
export function hasScored(vscode: Workbench, count: number): Promise<TreeRow[]> {
  return vscode.tree('Runs').has(`${count} scored candidates`, (rows) => scored(rows).length >= count, slowMs);
}

/** Finds the row of a candidate by how it is spoken: `#1` and not `#12`, nor a run that names it. */
export function rowOf(label: string): RegExp {
  return new RegExp(`^Candidate ${label.slice(1)},`);
}

/**
 * Chooses what to do with a candidate, from the menu of its row or beside it, and waits for what comes of it. While a run is
 * live its rows are drawn anew: at such a moment VS Code does not know which one was meant, and the person is asked.
 */
export async function act(
  vscode: Workbench,
  { label }: Pick<TreeRow, 'label'>,
  entry: string,
  outcome: Locator,
  where: 'menu' | 'beside' = 'menu',
): Promise<void> {
  const runs = vscode.tree('Runs');
  await (where === 'menu' ? runs.choose(rowOf(label), entry) : runs.inlineAction(rowOf(label), entry));
  const question = vscode.quickInput.asking('Which candidate?');
  await question.or(outcome).first().waitFor({ timeout: slowMs });
  if (await outcome.isVisible()) return;
  await vscode.quickInput.pickSpoken(new RegExp(`^${label},`));
  await outcome.waitFor({ timeout: slowMs });
}

/** Waits until a view without rows says this: its extension may just be starting. */
export async function welcomes(vscode: Workbench, view: string, words: RegExp): Promise<void> {
  await until(
    `${view} says ${words}`,
    () => vscode.tree(view).welcome(),
    (text) => words.test(text),
    { timeoutMs: slowMs },
  );
}
