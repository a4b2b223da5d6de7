/**
 * Whether what bounds a run comes to an end by itself. GPU-hours do so only where the run holds a GPU: where nobody counts
 * them, a run that is bounded by them alone would go on for ever.
 */
import type { Price, RunBudget } from '../../protocol/cost.ts';
import { isTimedByGpus } from '../../protocol/projection.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { gpuInventory } from '../gpu/nvidiaSmi.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { RefusedError } from './refusal.ts';

/** Why a run of the task holds no GPU, in words; null if it may hold one. */
export function whyTaskHasNoGpu({ id, limits }: PreparedTask['manifest']): string | null {
  return limits.gpus === 0 ? `task ${id} holds no GPU (limits.gpus of its manifest is 0)` : null;
}

/** Why no run holds a GPU on this machine, in words; null if one may. */
export async function whyMachineHasNoGpu(): Promise<string | null> {
  const { gpus, problem } = await gpuInventory();
  return gpus.length > 0 ? null : whyNoneIsSeen(problem);
}

/** @param problem what `nvidia-smi` had to say, if anything */
export const whyNoneIsSeen = (problem: string | null) =>
  `no GPU is to be seen here${problem === null ? '' : ` (${problem})`}`;

/** @throws {RefusedError} if a new run is to be bounded in GPU-hours, and there is a reason why it would hold no GPU */
export function requireGpuForHours(budget: RunBudget | undefined, why: string | null): void {
  if (budget?.gpuHours !== undefined && why !== null)
    throw new RefusedError('bad_input', `${uncounted(why)} Bound the run with --hours.`);
}

/** Why a run that holds no GPU, for the reason given, must not go on; null if something ends it all the same. */
export function refusedWithoutGpu(
  { id, config, state, gpuMs }: RunSummary,
  model: SpendingModel,
  why: string | null,
): RefusedError | null {
  if (why === null || !isTimedByGpus(config) || isSpendingBounded(config.budget, model)) return null;
  const isUsedUp = gpuMs >= (config.budget?.gpuHours ?? 0) * 3_600_000;
  if (isUsedUp || state === 'stopping') return null;
  return new RefusedError(
    'environment',
    `Run ${id} is bounded by its GPU-hours alone. ${uncounted(why)} So it would never end. To go on, see that it has its GPU again (\`aira2 doctor\` shows those there are), or give it another bound: \`aira2 runs extend ${id} --hours <h>\`. To end it with what it has: \`aira2 runs finish ${id}\`. Then resume it.`,
  );
}

export interface SpendingModel {
  isLanguageModel: boolean;
  /** null: unpriced. */
  price: Price | null;
}

/** Money or tokens come to an end by themselves: money not where calls cost nothing, tokens not where none are used. */
export function isSpendingBounded(budget: RunBudget | undefined, { isLanguageModel, price }: SpendingModel): boolean {
  const { costUsd, tokens } = budget ?? {};
  const isFree = price?.tiers.every(({ input, output }) => input === 0 && output === 0) ?? false;
  return isLanguageModel && (tokens !== undefined || (costUsd !== undefined && !isFree));
}

const uncounted = (why: string) => `GPU-hours (--gpu-hours) cannot be counted: ${why}.`;
