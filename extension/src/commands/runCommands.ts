/** Commands about whole runs. */
import { isTimedByGpus } from '../../../protocol/projection.ts';
import type { BudgetExtension, RunSummary } from '../../../protocol/run.ts';
import type { App } from '../app.ts';
import { l10n } from '../localisation.ts';
import { canExtend, isLive, modelWords, runStateWords } from '../runs/runRow.ts';
import { boundWords } from '../runs/tooltips.ts';
import { askText, choose, confirm, mention, validateNumber } from '../ui/ask.ts';
import { exportTo } from './exportCandidate.ts';
import { CannotError } from './failure.ts';
import { asRun, runOf } from './target.ts';

export async function openDashboard(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Open the dashboard of a run'));
  if (run !== undefined) await app.panels.open({ kind: 'dashboard', run });
}

export async function compareRuns(app: App, args: readonly unknown[]): Promise<void> {
  const [, many] = args;
  const named = Array.isArray(many) ? many.map(asRun).filter((run) => run !== null) : [];
  const distinct = [...new Set(named)];
  if (distinct.length > 1) {
    await app.panels.open({ kind: 'compare', runs: distinct });
    return;
  }
  const first = distinct[0] ?? (await runOf(app, args, l10n.t('Compare runs on one task')));
  if (first === undefined) return;
  const task = app.runs.get(first)?.config.task;
  const same = [...app.runs.all()].filter(({ id, config }) => config.task === task && id !== first).map(({ id }) => id);
  await app.panels.open({ kind: 'compare', runs: [first, ...same].slice(0, 200) });
}

export async function report(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Report of a run'));
  if (run === undefined) return;
  const { markdown } = await app.connection.get().request('run.report', { run });
  await app.documents.show(`${run}.md`, markdown, 'preview');
}

export async function pause(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Pause a run'), ({ state }) => state === 'running');
  if (run === undefined) return;
  await app.connection.get().request('run.pause', { run });
  mention(l10n.t('Paused: agents at work finish what they do, nothing new is begun.'));
}

/** Of a paused run, and of one that is down. */
export async function resume(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(
    app,
    args,
    l10n.t('Resume a run'),
    ({ state }) => state === 'paused' || state === 'interrupted',
  );
  if (run === undefined) return;
  const client = app.connection.get();
  const { state } = await client.request('run.get', { run });
  await client.request(state === 'paused' ? 'run.unpause' : 'run.resume', { run });
}

export async function stop(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Stop a run'), ({ state }) => state === 'running' || state === 'paused');
  if (run === undefined) return;
  const how = await choose(
    [
      {
        label: l10n.t('Stop agents, keep evaluations'),
        detail: l10n.t(
          'Agents end at once; programs that are being evaluated come to their end. Then the hidden scores are opened and a program is selected.',
        ),
        value: false,
      },
      {
        label: l10n.t('Stop everything now'),
        detail: l10n.t(
          'Evaluations that are under way are given up, too. Then the hidden scores are opened and a program is selected.',
        ),
        value: true,
      },
    ],
    { title: l10n.t('Stop the run {0} for good', nameOf(app, run)) },
  );
  if (how !== undefined) await app.connection.get().request('run.stop', { run, now: how });
}

export async function finish(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Finish a run'), ({ state }) => state === 'running' || state === 'paused');
  if (run === undefined) return;
  const detail = l10n.t(
    'Nothing new is begun, and agents at work come to their end. Then the hidden scores are opened and a program is selected.',
  );
  if (!(await confirm(l10n.t('Finish the run {0} and select?', nameOf(app, run)), detail, l10n.t('Finish')))) return;
  await app.connection.get().request('run.finish', { run });
}

interface Bound {
  key: keyof BudgetExtension;
  label: string;
  isWhole: boolean;
}

export async function extend(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Extend the budget of a run'), canExtend);
  if (run === undefined) return;
  const summary = await app.connection.get().request('run.get', { run });
  const { config, state } = summary;
  if (!canExtend(summary))
    throw new CannotError(
      l10n.t('The run on {0} has ended and its hidden scores are open: it cannot go on.', config.task),
      ['startRun'],
    );
  const budget = config.budget ?? {};
  const mayComeBy = state === 'interrupted' && isTimedByGpus(config);
  const bounds: Bound[] = [
    ...(config.candidates === null && !mayComeBy ? [] : [bound('candidates', l10n.t('Candidates'), true)]),
    ...(config.hours === null && !mayComeBy ? [] : [bound('hours', l10n.t('Hours'))]),
    ...(budget.costUsd === undefined ? [] : [bound('costUsd', l10n.t('US dollars'))]),
    ...(budget.tokens === undefined ? [] : [bound('tokens', l10n.t('Tokens'), true)]),
    ...(budget.gpuHours === undefined ? [] : [bound('gpuHours', l10n.t('GPU-hours'))]),
  ];
  if (bounds.length === 0) throw new CannotError(l10n.t('This run has no bound that could be extended.'));
  const chosen = await choose(
    bounds.map((value) => ({ label: value.label, value })),
    { title: l10n.t('Extend the budget of {0}', nameOf(app, run)), placeholder: boundWords({ config }) },
  );
  if (chosen === undefined) return;
  const more = await askText({
    title: l10n.t('Extend the budget of {0}', nameOf(app, run)),
    prompt: l10n.t('How much is added: {0}', chosen.label),
    validate: (text) =>
      text.trim() === ''
        ? l10n.t('A number.')
        : validateNumber({ min: chosen.isWhole ? 1 : 0.001, isWhole: chosen.isWhole })(text),
  });
  if (more === undefined) return;
  await app.connection.get().request('run.extend', { run, by: { [chosen.key]: Number(more) } });
  mention(l10n.t('The budget is extended.'));
}

const bound = (key: keyof BudgetExtension, label: string, isWhole = false): Bound => ({ key, label, isWhole });

export async function unseal(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Unseal the hidden scores of a run'), ({ unsealed }) => !unsealed);
  if (run === undefined) return;
  const { unsealed } = await app.connection.get().request('run.get', { run });
  if (unsealed) throw new CannotError(l10n.t('The hidden scores of this run are open already.'));
  const detail = l10n.t(
    'Validation and test scores are scored now and shown from now on. Whoever has seen them can no longer steer without knowing them, so the final scores are not as believable as those of a sealed run. The run is marked for good, wherever it shows.',
  );
  if (!(await confirm(l10n.t('Unseal the hidden scores of {0}?', nameOf(app, run)), detail, l10n.t('Unseal')))) return;
  await app.connection.get().request('run.unseal', { run });
}

export async function exportBest(app: App, args: readonly unknown[]): Promise<void> {
  const run = await runOf(app, args, l10n.t('Export a program'), ({ bestSearch }) => bestSearch !== null);
  if (run !== undefined) await exportTo(app, run, null);
}

export async function deleteRun(app: App, args: readonly unknown[]): Promise<void> {
  const [, many] = args;
  const named = Array.isArray(many) ? many.map(asRun).filter((run) => run !== null) : [];
  const first = named.length > 0 ? undefined : await runOf(app, args, l10n.t('Delete a run'), isDeletable);
  const runs = [...new Set(named.length > 0 ? named : first === undefined ? [] : [first])];
  if (runs.length === 0) return;
  const live = runs.map((run) => app.runs.get(run)).find((run) => run !== undefined && !isDeletable(run));
  if (live !== undefined)
    throw new CannotError(l10n.t('The run on {0} is live: stop it first, then delete it.', live.config.task));
  const names = runs.map((run) => nameOf(app, run)).join(', ');
  const detail = l10n.t(
    'Its candidates, programs, trajectories and scores are removed from the disk of {0}. This cannot be undone.',
    app.connection.machine,
  );
  if (!(await confirm(l10n.t('Delete {0}?', names), detail, l10n.t('Delete')))) return;
  for (const run of runs) await app.connection.get().request('run.delete', { run });
}

const isDeletable = ({ state }: Pick<RunSummary, 'state'>) => !isLive(state);

function nameOf(app: App, run: string): string {
  const summary = app.runs.get(run);
  if (summary === undefined) return run;
  return `${summary.config.task} (${runStateWords(summary.state)}, ${modelWords(summary.config.model)})`;
}
