/** The options that bound what a run takes, and what is said of it before it starts. */
import type { Command } from 'commander';
import type { RunSettings } from '../../protocol/client.ts';
import type { CostEstimate, Price } from '../../protocol/cost.ts';
import { estimateWords } from '../analysis/costEstimate.ts';
import { priceFilePath } from '../models/prices/priceBook.ts';
import { positive, whole } from './numbers.ts';

export interface SpendingOptions {
  cost?: number;
  tokens?: number;
  gpuHours?: number;
  candidateCost?: number;
  candidateTokens?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  maxCalls?: number;
}

/** As commander names them: none of them goes together with a replay. */
export const spendingOptionNames = ['cost', 'tokens', 'gpuHours', 'candidateCost', 'candidateTokens'];

export function withSpendingOptions(command: Command): Command {
  const tokens = whole(1000, Number.MAX_SAFE_INTEGER);
  const rate = whole(1, 1e9);
  return command
    .option(
      '--cost <usd>',
      'US dollars for all calls to the model; the most a call can take is reserved before it',
      positive,
    )
    .option('--tokens <n>', 'tokens (input and output) for all calls to the model; kept in the same way', tokens)
    .option(
      '--gpu-hours <h>',
      'GPUs that the run holds, used or not, times hours; pauses do not count; only where task and machine have a GPU',
      positive,
    )
    .option('--candidate-cost <usd>', 'US dollars for the calls of one candidate', positive)
    .option('--candidate-tokens <n>', 'tokens for the calls of one candidate', tokens)
    .option('--requests-per-minute <n>', 'most calls to the model in any minute', rate)
    .option('--tokens-per-minute <n>', 'most tokens in any minute', rate)
    .option('--max-calls <n>', 'most calls to the model at a time (default: as many as the provider bears)', rate);
}

export function spendingSettings(options: SpendingOptions): Pick<RunSettings, 'budget' | 'rates'> {
  const budget = defined({
    costUsd: options.cost,
    tokens: options.tokens,
    gpuHours: options.gpuHours,
    candidateCostUsd: options.candidateCost,
    candidateTokens: options.candidateTokens,
  });
  const rates = defined({
    requestsPerMinute: options.requestsPerMinute,
    tokensPerMinute: options.tokensPerMinute,
    concurrency: options.maxCalls,
  });
  return {
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
    ...(Object.keys(rates).length === 0 ? {} : { rates }),
  };
}

/** Without what is undefined. */
function defined<K extends string>(values: Record<K, number | undefined>): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) result[key] = value;
  }
  return result;
}

/** What a person should know before money is spent. */
export function spendingNote(model: string, price: Price | null, estimate: CostEstimate, home: string): string {
  const source =
    price === null
      ? `${model} is unpriced: give it a price in ${priceFilePath(home)} to see and bound its cost`
      : `prices: ${price.source}${price.asOf === '' ? '' : `, as of ${price.asOf}`}`;
  return `estimate: ${estimateWords(estimate)}; ${source}`;
}
