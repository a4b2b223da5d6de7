/** The form as data: what stands in its fields, what that means as settings of a run, and what is wrong with it. */
import type { RunSettings } from '../../protocol/client.ts';
import type { OfferedModel } from '../../protocol/clientViews.ts';
import type { RunBudget } from '../../protocol/cost.ts';
import { type ModelChoice, modelName, modelProblem, parseModel } from './models.ts';

/** Fields that hold a number, and what numbers they take. An empty field leaves the choice to the server. */
export const numberFields = {
  candidates: { integer: true, min: 1, max: 1_000_000 },
  hours: { integer: false, min: 0.01, max: 10_000 },
  costUsd: { integer: false, min: 0.01, max: 1e9 },
  tokens: { integer: true, min: 1, max: 1e15 },
  gpuHours: { integer: false, min: 0.01, max: 1e7 },
  workers: { integer: true, min: 1, max: 256 },
  agentsPerSlot: { integer: true, min: 1, max: 16 },
  seed: { integer: true, min: 0, max: 2 ** 32 - 1 },
  temperature: { integer: false, min: 0.001, max: 1000 },
  crossover: { integer: false, min: 0, max: 1 },
  drafts: { integer: true, min: 1, max: 100_000 },
  maxSteps: { integer: true, min: 2, max: 100_000 },
  candidateCostUsd: { integer: false, min: 0.001, max: 1e9 },
  candidateTokens: { integer: true, min: 1, max: 1e15 },
  requestsPerMinute: { integer: true, min: 1, max: 1e6 },
  tokensPerMinute: { integer: true, min: 1, max: 1e12 },
  concurrency: { integer: true, min: 1, max: 10_000 },
  priceInput: { integer: false, min: 0, max: 1e6 },
  priceCached: { integer: false, min: 0, max: 1e6 },
  priceOutput: { integer: false, min: 0, max: 1e6 },
} as const satisfies Record<string, { integer: boolean; min: number; max: number }>;

export type NumberField = keyof typeof numberFields;

export interface Form {
  task: string;
  model: ModelChoice;
  numbers: Readonly<Partial<Record<NumberField, string>>>;
  sandbox: NonNullable<RunSettings['sandbox']> | '';
  /** The person has said that programs may run without a sandbox. */
  acceptsUnsafe: boolean;
  image: string;
  search: NonNullable<RunSettings['search']> | '';
  operators: NonNullable<RunSettings['operators']> | '';
  evaluation: NonNullable<RunSettings['evaluation']> | '';
}

export type FormProblem =
  | { field: NumberField; kind: 'number' | 'integer' | 'range'; min: number; max: number }
  | { field: 'task'; kind: 'task' }
  | { field: 'model'; kind: NonNullable<ReturnType<typeof modelProblem>> }
  | { field: 'sandbox'; kind: 'unsafe' }
  | { field: 'priceInput'; kind: 'price' };

/** @example parseAmount('1.5 M') // 1500000 */
export function parseAmount(text: string): number {
  const match = /^\s*([\d,_ ]*\.?\d+(?:e\d+)?)\s*(k|m|g|b)?\s*$/i.exec(text);
  if (match === null) return Number.NaN;
  const unit = { k: 1e3, m: 1e6, g: 1e9, b: 1e9 }[match[2]?.toLowerCase() ?? ''] ?? 1;
  // Rounded to where floating point stops to be exact: 1.1 M is 1100000 tokens.
  return Number((Number(match[1]?.replaceAll(/[,_ ]/g, '')) * unit).toPrecision(15));
}

const isNumberField = (name: string): name is NumberField => Object.hasOwn(numberFields, name);

export function formOf(task: string | null, settings: RunSettings): Form {
  const { budget = {}, rates = {}, price } = settings;
  const [tier] = price?.tiers ?? [];
  const priced =
    tier === undefined ? {} : { priceInput: tier.input, priceCached: tier.cachedInput, priceOutput: tier.output };
  const numbers: Partial<Record<NumberField, string>> = {};
  for (const [name, value] of Object.entries({ ...settings, ...budget, ...rates, ...priced }))
    if (typeof value === 'number' && isNumberField(name)) numbers[name] = String(value);
  return {
    task: task ?? '',
    model: parseModel(settings.model ?? 'heuristic'),
    numbers,
    sandbox: settings.sandbox ?? '',
    acceptsUnsafe: false,
    image: settings.image ?? '',
    search: settings.search ?? '',
    operators: settings.operators ?? '',
    evaluation: settings.evaluation ?? '',
  };
}

export interface Reading {
  settings: RunSettings;
  problems: FormProblem[];
}

/** What the form means. With problems, the settings hold what could be read. */
export function read(form: Form, offered: readonly OfferedModel[], today: string): Reading {
  const problems: FormProblem[] = [];
  const number = (field: NumberField): number | undefined => {
    const text = form.numbers[field]?.trim() ?? '';
    if (text === '') return undefined;
    const { integer, min, max } = numberFields[field];
    const value = parseAmount(text);
    if (Number.isFinite(value) && (!integer || Number.isInteger(value)) && value >= min && value <= max) return value;
    const kind = !Number.isFinite(value) ? 'number' : integer && !Number.isInteger(value) ? 'integer' : 'range';
    problems.push({ field, kind, min, max });
    return undefined;
  };
  const all = <Field extends NumberField>(...fields: Field[]): Partial<Record<Field, number>> => {
    const found: Partial<Record<Field, number>> = {};
    for (const field of fields) {
      const value = number(field);
      if (value !== undefined) found[field] = value;
    }
    return found;
  };
  if (form.task === '') problems.push({ field: 'task', kind: 'task' });
  const wrong = modelProblem(form.model, offered);
  if (wrong !== null) problems.push({ field: 'model', kind: wrong });
  if (form.sandbox === 'none' && !form.acceptsUnsafe) problems.push({ field: 'sandbox', kind: 'unsafe' });

  const budget: RunBudget = all('costUsd', 'tokens', 'gpuHours', 'candidateCostUsd', 'candidateTokens');
  const rates = all('requestsPerMinute', 'tokensPerMinute', 'concurrency');
  const settings: RunSettings = {
    model: modelName(form.model),
    ...all('candidates', 'hours', 'workers', 'agentsPerSlot', 'seed', 'temperature', 'crossover', 'drafts', 'maxSteps'),
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
    ...(Object.keys(rates).length === 0 ? {} : { rates }),
    ...(form.sandbox === '' ? {} : { sandbox: form.sandbox }),
    ...(form.image.trim() === '' ? {} : { image: form.image.trim() }),
    ...(form.search === '' ? {} : { search: form.search }),
    ...(form.operators === '' ? {} : { operators: form.operators }),
    ...(form.evaluation === '' ? {} : { evaluation: form.evaluation }),
    ...priceOf(all('priceInput', 'priceCached', 'priceOutput'), problems, today),
  };
  return { settings, problems };
}

function priceOf(
  given: Partial<Record<'priceInput' | 'priceCached' | 'priceOutput', number>>,
  problems: FormProblem[],
  today: string,
): Pick<RunSettings, 'price'> {
  const { priceInput: input, priceCached = input, priceOutput: output } = given;
  if (input === undefined && output === undefined && priceCached === undefined) return {};
  if (input === undefined || output === undefined || priceCached === undefined) {
    problems.push({ field: 'priceInput', kind: 'price' });
    return {};
  }
  const tier = { abovePromptTokens: 0, input, cachedInput: priceCached, output };
  return { price: { tiers: [tier], source: 'given with the run', asOf: today } };
}
