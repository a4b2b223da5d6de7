/** What a run takes of tokens and money, what it may take, and what it is likely to take. */
import * as z from 'zod';

export { addSpending, formatCost, formatTokens, formatUsd, nothingSpent, tokensOf } from './amounts.ts';

const count = z.int().nonnegative();
const usd = z.number().nonnegative();

/** US dollars per million tokens, for prompts of more than `abovePromptTokens`. */
export const PriceTier = z.object({ abovePromptTokens: count, input: usd, cachedInput: usd, output: usd });
export type PriceTier = z.infer<typeof PriceTier>;

/** Thoughts are billed as output. Tiers in rising order, the first from 0. */
export const Price = z.object({
  tiers: z.array(PriceTier).min(1),
  /** Who says so, and as of when (YYYY-MM-DD). */
  source: z.string(),
  asOf: z.string(),
});
export type Price = z.infer<typeof Price>;

/** What calls to a model took. Every call counts: answers that were thrown away, and calls that were given up, too. */
export const Spending = z.object({
  calls: count,
  input: count,
  cachedInput: count,
  output: count,
  thoughts: count,
  /** US dollars of all calls that have a price. */
  costUsd: usd,
  /** Calls without a price. If there are any, the cost is more than `costUsd` says. */
  unpricedCalls: count,
  /** Calls whose tokens or cost are our estimate, because no count of the provider reached us. */
  estimatedCalls: count,
});
export type Spending = z.infer<typeof Spending>;

/** Bounds of a run, and of each of its candidates; absent means none. */
export const RunBudget = z.object({
  costUsd: z.number().positive().optional(),
  tokens: z.int().positive().optional(),
  /** GPUs that the run holds, used or not, times the hours that it is active. */
  gpuHours: z.number().positive().optional(),
  candidateCostUsd: z.number().positive().optional(),
  candidateTokens: z.int().positive().optional(),
});
export type RunBudget = z.infer<typeof RunBudget>;

/** Rates that the run keeps to, whatever the provider would allow; absent means none. */
export const CallRates = z.object({
  requestsPerMinute: z.int().positive().optional(),
  tokensPerMinute: z.int().positive().optional(),
  concurrency: z.int().positive().optional(),
});
export type CallRates = z.infer<typeof CallRates>;

/** Per candidate, and for the whole run; null where the model has no price or the run no bound. */
export const CostEstimate = z.object({
  /** `assumed`: from assumptions, before there is anything to measure. `measured`: from this run's own candidates. */
  basis: z.enum(['assumed', 'measured']),
  /** What it rests on, in words. */
  because: z.string(),
  candidate: z.object({ tokens: z.number(), costUsd: z.number().nullable() }),
  /** `candidates` is null where only time ends the run. */
  run: z.object({
    candidates: z.int().nullable(),
    tokens: z.number().nullable(),
    costUsd: z.number().nullable(),
  }),
});
export type CostEstimate = z.infer<typeof CostEstimate>;
