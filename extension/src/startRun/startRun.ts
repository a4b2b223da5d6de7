/**
 * From nothing to a run in four questions with an answer each ready: task, model, how long, and the plan with its cost. Enter
 * four times starts what was started last.
 */
import type * as vscode from 'vscode';
import { clientRefusals, type RunSettings } from '../../../protocol/client.ts';
import type { TaskListing } from '../../../protocol/clientViews.ts';
import type { RunPlan } from '../../../protocol/panels.ts';
import { RemoteError } from '../../../protocol/rpcErrors.ts';
import { taskReference } from '../../../protocol/taskReference.ts';
import type { App } from '../app.ts';
import { askKey } from '../commands/modelCommands.ts';
import { setUpEnvironment } from '../commands/serverCommands.ts';
import { providerOf } from '../keys/modelKeys.ts';
import { l10n } from '../localisation.ts';
import { oneLine } from '../markdown.ts';
import { confirm, mention, separator } from '../ui/ask.ts';
import type { Choice } from '../ui/choices.ts';
import { notify } from '../ui/notify.ts';
import { type Answer, pickStep } from '../ui/steps.ts';
import { type BudgetChoice, boundsWords, budgetChoices, planWords } from './choices.ts';
import { anotherModel, modelItems, typeModel } from './chooseModel.ts';
import { remember, remembered } from './remembered.ts';

interface Draft {
  task: string | null;
  settings: RunSettings;
}

const steps = 4;
/** Stands for the form with everything in it. */
const allOptions = Symbol('all options');
const nothing = Symbol('a remark');

/** @param task skips the first question */
export async function startRun(app: App, task: string | null): Promise<void> {
  if (!(await app.hasPython(() => offerPython(app)))) return;
  const last = remembered(app.context.workspaceState);
  const draft: Draft = { task: task ?? last.task, settings: { ...last.settings } };
  const first = task === null ? 1 : 2;
  for (let step = first; step <= steps; ) {
    const answer = await ask(app, step, draft);
    if (answer.kind === 'out') return;
    if (answer.kind === 'back') {
      if (step === first) return;
      step -= 1;
    } else if (answer.value === allOptions) {
      await app.panels.open({ kind: 'start', task: draft.task }, 'here', draft.settings);
      return;
    } else if (answer.value !== nothing) step += 1;
  }
  if (draft.task !== null) await launch(app, draft.task, draft.settings);
}

async function ask(app: App, step: number, draft: Draft): Promise<Answer<typeof allOptions | typeof nothing | null>> {
  switch (step) {
    case 1:
      return askTask(app, draft);
    case 2:
      return askModel(app, draft);
    case 3:
      return askBudget(app, draft);
    default:
      return askPlan(app, draft);
  }
}

async function askTask(app: App, draft: Draft): Promise<Answer<null>> {
  const items = app.connection.need().then(async (client) => taskItems(await app.tasksView.listings(client)));
  const answer = await pickStep<string>({
    title: l10n.t('Start a run: on which task?'),
    step: 1,
    steps,
    placeholder: l10n.t('Tasks of the workspace, and built-in ones'),
    choices: items,
    active: (value) => value === draft.task,
  });
  if (answer.kind === 'answer') draft.task = answer.value;
  return answer.kind === 'answer' ? { kind: 'answer', value: null } : answer;
}

function taskItems(listings: readonly TaskListing[]): (Choice<string> | vscode.QuickPickItem)[] {
  const usable = listings.filter(({ problem }) => problem === null);
  const item = (listing: TaskListing): Choice<string> => ({
    label: oneLine(listing.title),
    description: listing.id,
    detail: [
      `${listing.metric.name} (${listing.metric.direction})`,
      listing.modality,
      listing.prepared ? l10n.t('prepared') : l10n.t('is prepared first'),
    ].join(' · '),
    value: taskReference(listing),
  });
  const own = usable.filter(({ builtin }) => !builtin);
  return [
    ...(own.length === 0 ? [] : [separator(l10n.t('yours')), ...own.map(item)]),
    separator(l10n.t('built in')),
    ...usable.filter(({ builtin }) => builtin).map(item),
  ];
}

async function askModel(app: App, draft: Draft): Promise<Answer<typeof nothing | null>> {
  const answer = await pickStep<string>({
    title: l10n.t('Start a run: with which model?'),
    step: 2,
    steps,
    placeholder: l10n.t('What drives the agents'),
    choices: modelItems(app),
    active: (value) => value === draft.settings.model,
  });
  if (answer.kind !== 'answer') return answer;
  const model = answer.value === anotherModel ? await typeModel() : answer.value;
  if (model === undefined || !(await hasKey(app, model))) return { kind: 'answer', value: nothing };
  // What was chosen for another model is not chosen for this one.
  if (model !== draft.settings.model) draft.settings = { ...withoutBounds(draft.settings), model };
  return { kind: 'answer', value: null };
}

/** Asks for the key that the model needs, if there is none. */
async function hasKey(app: App, model: string): Promise<boolean> {
  const provider = providerOf(model);
  if (provider === null) return true;
  const client = await app.connection.need();
  const known = await app.keys.known(await client.request('machine.get', {}));
  return known.includes(provider) || askKey(app, provider);
}

function withoutBounds(settings: RunSettings): RunSettings {
  const { candidates: _candidates, hours: _hours, budget: _budget, price: _price, ...rest } = settings;
  return rest;
}

async function askBudget(app: App, draft: Draft): Promise<Answer<typeof allOptions | null>> {
  const last = boundsWords(draft.settings);
  const answer = await pickStep<BudgetChoice | null>({
    title: l10n.t('Start a run: for how long?'),
    step: 3,
    steps,
    placeholder: l10n.t('What ends the search; it can be extended and ended at any time'),
    choices: budgetItems(app, draft),
    active: (value) => value !== null && boundsWords(value.bounds) === last,
  });
  if (answer.kind !== 'answer') return answer;
  if (answer.value === null) return { kind: 'answer', value: allOptions };
  draft.settings = { ...withoutBounds(draft.settings), ...answer.value.bounds };
  return { kind: 'answer', value: null };
}

async function budgetItems(app: App, draft: Draft): Promise<(Choice<BudgetChoice | null> | vscode.QuickPickItem)[]> {
  const model = draft.settings.model ?? 'heuristic';
  // Without bounds: whether the model has a price is what is asked.
  const { price } = await plan(app, { task: draft.task, settings: withoutBounds(draft.settings) });
  const usual = budgetChoices(model, price !== null);
  const { candidates, hours, budget } = draft.settings;
  const isBounded = candidates !== undefined || hours !== undefined || budget !== undefined;
  const last: BudgetChoice = {
    label: boundsWords(draft.settings),
    detail: l10n.t('As last time.'),
    bounds: {
      ...(candidates === undefined ? {} : { candidates }),
      ...(hours === undefined ? {} : { hours }),
      ...(budget === undefined ? {} : { budget }),
    },
  };
  const isUsual = usual.some(({ bounds }) => boundsWords(bounds) === last.label);
  const all = isBounded && !isUsual ? [last, ...usual] : usual;
  return [
    ...all.map((choice) => ({ label: choice.label, detail: choice.detail, value: choice })),
    separator(''),
    moreOptions(),
  ];
}

function moreOptions(): Choice<null> {
  return {
    icon: 'settings',
    label: l10n.t('All options…'),
    detail: l10n.t('Workers, agents, budgets, sandbox, switches of the method.'),
    value: null,
  };
}

async function askPlan(app: App, draft: Draft): Promise<Answer<typeof allOptions | typeof nothing | null>> {
  const answer = await pickStep<'start' | 'remark' | null>({
    title: l10n.t('Start a run: this is the plan'),
    step: 4,
    steps,
    placeholder: l10n.t('Nothing has been spent yet'),
    choices: plan(app, draft).then(planItems),
  });
  if (answer.kind !== 'answer') return answer;
  if (answer.value === null) return { kind: 'answer', value: allOptions };
  return { kind: 'answer', value: answer.value === 'start' ? null : nothing };
}

async function plan(app: App, { task, settings }: Draft): Promise<RunPlan> {
  const client = await app.connection.need();
  return client.request('run.plan', { task: task ?? '', settings });
}

function planItems(planned: RunPlan): (Choice<'start' | 'remark' | null> | vscode.QuickPickItem)[] {
  const { what, cost } = planWords(planned);
  return [
    { icon: 'play', label: l10n.t('Start'), description: what, detail: cost, value: 'start' },
    moreOptions(),
    ...(planned.warnings.length === 0 ? [] : [separator(l10n.t('to know before'))]),
    ...planned.warnings.map((warning) => ({ icon: 'warning', label: oneLine(warning), value: 'remark' as const })),
  ];
}

async function offerPython(app: App): Promise<boolean> {
  const detail = l10n.t(
    'Programs and scores run in an environment of their own. It is made once, with about 200 MB from the Python package index.',
  );
  const message = l10n.t('Set up a Python environment on {0} first?', app.connection.machine);
  if (!(await confirm(message, detail, l10n.t('Set Up')))) return false;
  await setUpEnvironment(app);
  return true;
}

/** Starts, shows how it gets on, and reveals the run. A missing key is asked for once. */
export async function launch(app: App, task: string, settings: RunSettings): Promise<string | undefined> {
  await remember(app.context.workspaceState, { task, settings });
  try {
    return await begin(app, task, settings);
  } catch (error) {
    const provider = settings.model === undefined ? null : providerOf(settings.model);
    const isKey = error instanceof RemoteError && error.kind === clientRefusals.key;
    if (!isKey || provider === null) throw error;
    void notify('warning', error.message);
    if (!(await askKey(app, provider))) return undefined;
    return begin(app, task, settings);
  }
}

async function begin(app: App, task: string, settings: RunSettings): Promise<string> {
  const { run } = await app.withProgress(l10n.t('Starting a run'), (client, operation, signal) =>
    client.request('run.start', { task, settings, operation }, { signal }),
  );
  mention(l10n.t('The run has started. It goes on when this window is closed.'));
  await app.showNewRun(run);
  return run;
}
