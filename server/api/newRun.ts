/** What a person chose for a new run, made complete; and the run that comes of it. */
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import type { RunSettings } from '../../protocol/client.ts';
import type { CostEstimate, Price, RunBudget } from '../../protocol/cost.ts';
import { RunConfig } from '../../protocol/run.ts';
import { assumedEstimate } from '../analysis/costEstimate.ts';
import { gpuInventory } from '../gpu/nvidiaSmi.ts';
import type { ModelInfo } from '../models/chatModel.ts';
import { PriceBook, priceFilePath } from '../models/prices/priceBook.ts';
import { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { RefusedError } from './refusal.ts';
import { isSpendingBounded, requireGpuForHours, whyMachineHasNoGpu, whyTaskHasNoGpu } from './runBounds.ts';
import { initialCaveats } from './runHost.ts';
import { defaultSandbox } from './sandboxChoice.ts';

export const defaultCandidates = 24;
export const defaultModel = 'heuristic';
const defaultMaxSteps = 60;

/**
 * The model's price: what was given with the run, else what `<home>/prices.json` says, else the table's; null: unpriced.
 * @throws {RefusedError} if the run is bounded in money and the model has no price; {PriceFileError}
 */
export async function priceFor(
  home: string,
  info: Pick<ModelInfo, 'id' | 'isLanguageModel'>,
  budget: RunBudget | undefined,
  given?: Price,
): Promise<Price | null> {
  const price = given ?? (await PriceBook.load(home)).priceOf(info);
  const flag =
    budget?.costUsd !== undefined ? '--cost' : budget?.candidateCostUsd !== undefined ? '--candidate-cost' : null;
  if (price === null && flag !== null)
    throw new RefusedError(
      'bad_input',
      `${info.id} has no known price, so a bound in money (${flag}) cannot be kept. Write its price into ${priceFilePath(home)}, in US dollars per million tokens: {"prices": {"${info.id}": {"input": 1, "cachedInput": 0.1, "output": 4}}} (zeros for a server of your own), or bound the run with --tokens.`,
    );
  return price;
}

/** All of a run's settings but its task and its image. */
export type CompleteSettings = Omit<RunConfig, 'task' | 'taskVersion' | 'image'>;

/**
 * Fills in what was left open, from the machine and the model.
 * @throws {RefusedError} for what this machine or this model cannot do
 */
export async function completeSettings(
  settings: RunSettings,
  info: Pick<ModelInfo, 'id' | 'label' | 'isLanguageModel'>,
  price: Price | null,
): Promise<CompleteSettings> {
  const { workers = await defaultWorkers(), agentsPerSlot = 1, hours, budget, rates, operators = 'react' } = settings;
  if (budget?.gpuHours !== undefined) requireGpuForHours(budget, await whyMachineHasNoGpu());
  if (operators === 'single-turn' && !info.isLanguageModel)
    throw new RefusedError(
      'bad_input',
      `--operators single-turn needs a language model: the ${info.label} looks at the data before it writes a program.`,
    );
  const isBounded =
    hours !== undefined || budget?.gpuHours !== undefined || isSpendingBounded(budget, { ...info, price });
  return {
    model: info.id,
    workers,
    agentsPerSlot,
    candidates: settings.candidates ?? (isBounded ? null : defaultCandidates),
    hours: hours ?? null,
    seed: settings.seed ?? 1,
    temperature: settings.temperature ?? 0.2,
    crossover: settings.crossover ?? 0.15,
    drafts: settings.drafts ?? Math.max(4, workers * agentsPerSlot),
    maxSteps: settings.maxSteps ?? defaultMaxSteps,
    search: settings.search ?? 'evolution',
    operators,
    evaluation: settings.evaluation ?? 'hidden',
    sandbox: settings.sandbox ?? defaultSandbox(),
    ...(budget === undefined || Object.keys(budget).length === 0 ? {} : { budget }),
    ...(rates === undefined || Object.keys(rates).length === 0 ? {} : { rates }),
  };
}

/** A slot for each GPU; without GPUs two, or one on a single CPU. */
async function defaultWorkers(): Promise<number> {
  const { gpus } = await gpuInventory();
  return gpus.length > 0 ? gpus.length : Math.min(2, cpus().length);
}

/** @throws {RefusedError} if the run is bounded in something that its task does not take */
export function configFor({ manifest }: Pick<PreparedTask, 'manifest'>, settings: CompleteSettings): RunConfig {
  requireGpuForHours(settings.budget, whyTaskHasNoGpu(manifest));
  return RunConfig.parse({ ...settings, task: manifest.id, taskVersion: manifest.version });
}

/** What a run is likely to take; null where no language model is called. */
export function estimateFor(
  info: Pick<ModelInfo, 'isLanguageModel'>,
  config: Pick<RunConfig, 'operators' | 'maxSteps' | 'candidates'>,
  price: Price | null,
): CostEstimate | null {
  return info.isLanguageModel ? assumedEstimate(config, price) : null;
}

/** Puts a new run on disk. Its owner starts and closes it. */
export function createRun(
  home: string,
  task: PreparedTask,
  { info, config, price }: { info: ModelInfo; config: RunConfig; price: Price | null },
): Promise<RunStore> {
  const estimate = estimateFor(info, config, price);
  return RunStore.create(home, newRunId(task.manifest.id), {
    type: 'run_started',
    config,
    metric: { name: task.manifest.metric.name, direction: task.manifest.metric.direction },
    splitHash: task.splitHash,
    scoringHash: task.scoringHash,
    caveats: initialCaveats(info, config),
    price,
    ...(estimate === null ? {} : { estimate }),
  });
}

/** Sorts by date, and says of what. */
function newRunId(task: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${stamp}-${task}-${randomBytes(2).toString('hex')}`;
}
