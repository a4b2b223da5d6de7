/** What the quick way to a run offers: models, and how long a search may be. */
import { formatTokens, formatUsd } from '../../../protocol/amounts.ts';
import type { RunSettings } from '../../../protocol/client.ts';
import type { KeyProvider, OfferedModel } from '../../../protocol/clientViews.ts';
import { suggestedModels } from '../../../protocol/modelNames.ts';
import type { RunPlan } from '../../../protocol/panels.ts';
import { candidatesWord, gpuHoursWord, hoursWord, workersWord } from '../counts.ts';
import { providerOf } from '../keys/modelKeys.ts';
import { l10n } from '../localisation.ts';
import { modelWords } from '../runs/runRow.ts';

export interface ModelChoice {
  model: string;
  label: string;
  description: string;
  /** Of these, one is listed under the other. */
  group: 'last' | 'builtin' | 'editor' | 'hosted';
}

const hosted = Object.entries(suggestedModels).flatMap(([provider, names]) =>
  names.map((name) => `${provider}:${name}`),
);

export function modelChoices(
  last: string | undefined,
  known: readonly KeyProvider[],
  offered: readonly OfferedModel[],
): ModelChoice[] {
  const choices: ModelChoice[] = [
    {
      model: 'heuristic',
      label: l10n.t('Built-in researcher'),
      description: l10n.t('no LLM, no key, no cost'),
      group: 'builtin',
    },
    ...offered.map(({ id, label }) => ({
      model: editorModel(id),
      label,
      description: l10n.t('VS Code’s, while a window is open'),
      group: 'editor' as const,
    })),
    ...hosted.map((model) => ({
      model,
      label: modelWords(model),
      description: keyWords(model, known),
      group: 'hosted' as const,
    })),
  ];
  const before = choices.find(({ model }) => model === last);
  if (last === undefined) return choices;
  const first = before ?? {
    model: last,
    label: modelWords(last),
    description: keyWords(last, known),
    group: 'last' as const,
  };
  return [{ ...first, group: 'last' }, ...choices.filter(({ model }) => model !== last)];
}

/** How a model of the editor is named after `--model`. */
export function editorModel(id: string): string {
  return `vscode:${id}`;
}

function keyWords(model: string, known: readonly KeyProvider[]): string {
  const provider = providerOf(model);
  if (provider === null) return '';
  return known.includes(provider) ? l10n.t('a key is known') : l10n.t('needs a key');
}

export interface BudgetChoice {
  label: string;
  detail: string;
  bounds: Pick<RunSettings, 'candidates' | 'hours' | 'budget'>;
}

/**
 * Short, usual and long; with a bound on money where money is spent and counted.
 * @param isPriced false: the model has no known price, and a bound on money could not be kept
 */
export function budgetChoices(model: string, isPriced: boolean): BudgetChoice[] {
  if (model === 'heuristic')
    return [
      { label: l10n.t('12 candidates'), detail: l10n.t('A first look: some minutes.'), bounds: { candidates: 12 } },
      { label: l10n.t('40 candidates'), detail: l10n.t('A small search.'), bounds: { candidates: 40 } },
      { label: l10n.t('2 hours'), detail: l10n.t('As many candidates as fit.'), bounds: { hours: 2 } },
    ];
  if (!isPriced)
    return [
      {
        label: l10n.t('12 candidates'),
        detail: l10n.t('A first look. This model has no known price: its cost is not counted, and cannot be bounded.'),
        bounds: { candidates: 12 },
      },
      { label: l10n.t('2 hours'), detail: l10n.t('A search of an afternoon.'), bounds: { hours: 2 } },
      {
        label: l10n.t('24 hours'),
        detail: l10n.t('A long search. It goes on when this window is closed.'),
        bounds: { hours: 24 },
      },
    ];
  return [
    {
      label: l10n.t('12 candidates, at most $5'),
      detail: l10n.t('A first look. What a call can take at most is reserved before it is made.'),
      bounds: { candidates: 12, budget: { costUsd: 5 } },
    },
    {
      label: l10n.t('2 hours, at most $20'),
      detail: l10n.t('A search of an afternoon.'),
      bounds: { hours: 2, budget: { costUsd: 20 } },
    },
    {
      label: l10n.t('24 hours, at most $100'),
      detail: l10n.t('A long search. It goes on when this window is closed.'),
      bounds: { hours: 24, budget: { costUsd: 100 } },
    },
  ];
}

/** The bounds of these settings in words; for a choice that is not among the usual ones. */
export function boundsWords({ candidates, hours, budget = {} }: RunSettings): string {
  const words = [
    ...(candidates === undefined ? [] : [candidatesWord(candidates)]),
    ...(hours === undefined ? [] : [hoursWord(hours)]),
    ...(budget.costUsd === undefined ? [] : [l10n.t('at most {0}', formatUsd(budget.costUsd))]),
    ...(budget.tokens === undefined ? [] : [l10n.t('at most {0} tokens', formatTokens(budget.tokens))]),
    ...(budget.gpuHours === undefined ? [] : [l10n.t('at most {0}', gpuHoursWord(budget.gpuHours))]),
  ];
  return words.length === 0 ? l10n.t('no bound') : words.join(', ');
}

/** What a plan means, before anything is spent. */
export function planWords({ settings, modelLabel, estimate, price }: RunPlan): { what: string; cost: string } {
  const what = [
    modelLabel,
    boundsWords(settings),
    ...(settings.workers === undefined ? [] : [workersWord(settings.workers)]),
  ].join(' · ');
  return { what, cost: costWords(estimate, price) };
}

function costWords(estimate: RunPlan['estimate'], price: RunPlan['price']): string {
  if (estimate === null) return l10n.t('It makes no calls that cost money.');
  const { run, candidate, because } = estimate;
  const money = run.costUsd ?? candidate.costUsd;
  if (money === null)
    return price === null
      ? l10n.t('This model has no known price: its cost is not counted. {0}', because)
      : l10n.t('The cost cannot be told beforehand. {0}', because);
  const per = run.costUsd === null ? l10n.t('for each candidate') : l10n.t('for the run');
  const tokens = run.costUsd === null ? candidate.tokens : (run.tokens ?? candidate.tokens);
  return l10n.t('Estimate: {0} and {1} tokens {2}. {3}', formatUsd(money), formatTokens(tokens), per, because);
}
