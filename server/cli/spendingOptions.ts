/** The options that bound what a run takes, and what is said of it before it starts. */
import type { Command } from 'commander';
import type { CostEstimate, Price, RunBudget } from '../../protocol/cost.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { estimateWords } from '../analysis/costEstimate.ts';
import { gpuInventory } from '../gpu/nvidiaSmi.ts';
import type { ChatModel } from '../models/chatModel.ts';
import { PriceBook, priceFilePath } from '../models/prices/priceBook.ts';
import { CliError, exitCodes } from './exitCodes.ts';
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
    .option('--cost <usd>', 'US dollars for all calls to the model; never exceeded', positive)
    .option('--tokens <n>', 'tokens (input and output) for all calls to the model; never exceeded', tokens)
    .option('--gpu-hours <h>', 'GPUs that the run holds, used or not, times hours; pauses do not count', positive)
    .option('--candidate-cost <usd>', 'US dollars for the calls of one candidate', positive)
    .option('--candidate-tokens <n>', 'tokens for the calls of one candidate', tokens)
    .option('--requests-per-minute <n>', 'most calls to the model in any minute', rate)
    .option('--tokens-per-minute <n>', 'most tokens in any minute', rate)
    .option('--max-calls <n>', 'most calls to the model at a time (default: as many as the provider bears)', rate);
}

/** A bound that ends the run by itself. What takes nothing never comes to one. */
export function hasBound({ cost, tokens, gpuHours }: SpendingOptions, price: Price | null): boolean {
  const isFree = price?.tiers.every(({ input, output }) => input === 0 && output === 0) ?? false;
  return gpuHours !== undefined || (!isFree && (cost !== undefined || tokens !== undefined));
}

/** @throws {CliError} for GPU-hours on a machine without GPUs */
export async function spendingConfig(options: SpendingOptions): Promise<Pick<RunConfig, 'budget' | 'rates'>> {
  if (options.gpuHours !== undefined && (await gpuInventory()).gpus.length === 0)
    throw new CliError(
      exitCodes.badInput,
      'There is no GPU here that --gpu-hours could count: bound the run with --hours.',
    );
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

/**
 * The model's price: what `<home>/prices.json` says, else the table's.
 * @throws {CliError} if the run is bounded in money and the model has no price; {PriceFileError}
 */
export async function priceFor(
  home: string,
  { info }: ChatModel,
  budget: RunBudget | undefined,
): Promise<Price | null> {
  const price = (await PriceBook.load(home)).priceOf(info);
  const flag =
    budget?.costUsd !== undefined ? '--cost' : budget?.candidateCostUsd !== undefined ? '--candidate-cost' : null;
  if (price === null && flag !== null)
    throw new CliError(
      exitCodes.badInput,
      `${info.id} has no known price, so ${flag} cannot be kept. Write its price into ${priceFilePath(home)}, in US dollars per million tokens: {"prices": {"${info.id}": {"input": 1, "cachedInput": 0.1, "output": 4}}} (zeros for a server of your own), or bound the run with --tokens.`,
    );
  return price;
}

/** What a person should know before money is spent. */
export function spendingNote({ info }: ChatModel, price: Price | null, estimate: CostEstimate, home: string): string {
  const source =
    price === null
      ? `${info.id} is unpriced: give it a price in ${priceFilePath(home)} to see and bound its cost`
      : `prices: ${price.source}${price.asOf === '' ? '' : `, as of ${price.asOf}`}`;
  return `estimate: ${estimateWords(estimate)}; ${source}`;
}
