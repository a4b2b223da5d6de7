/**
 * List prices of hosted models, in US dollars per million tokens. Dated, because they change: `<home>/prices.json` overrides
 * them. A model that is not here is unpriced, never free.
 */
import type { Price, PriceTier } from '../../../protocol/cost.ts';

export interface PriceEntry extends Price {
  /** As after `--model`. */
  models: readonly string[];
  /** Last day of this price (YYYY-MM-DD), where the provider named one. */
  until?: string;
}

const google = { source: 'Google, Gemini Developer API pricing (standard, paid tier)', asOf: '2026-08-19' };
const openAi = { source: 'OpenAI, API pricing (standard processing)', asOf: '2026-04-13' };

const flat = (input: number, cachedInput: number, output: number): PriceTier[] => [
  { abovePromptTokens: 0, input, cachedInput, output },
];

/** Google's price of prompts above 200,000 tokens: input and cache double, output half as much again. */
const withLongPrompts = (input: number, cachedInput: number, output: number): PriceTier[] => [
  ...flat(input, cachedInput, output),
  { abovePromptTokens: 200_000, input: 2 * input, cachedInput: 2 * cachedInput, output: 1.5 * output },
];

export const priceTable: readonly PriceEntry[] = [
  {
    models: ['gemini:gemini-3.1-pro-preview', 'gemini:gemini-3-pro-preview'],
    tiers: withLongPrompts(2, 0.2, 12),
    ...google,
  },
  // An introductory price, and the one that follows it.
  {
    models: ['gemini:gemini-3.7-flash', 'gemini:gemini-3.6-flash'],
    tiers: flat(0.75, 0.075, 3.75),
    until: '2026-12-31',
    ...google,
  },
  { models: ['gemini:gemini-3.7-flash', 'gemini:gemini-3.6-flash'], tiers: flat(1.5, 0.15, 7.5), ...google },
  { models: ['gemini:gemini-3.5-flash'], tiers: flat(1.5, 0.15, 9), ...google },
  { models: ['gemini:gemini-3.5-flash-lite'], tiers: flat(0.3, 0.03, 2.5), ...google },
  { models: ['gemini:gemini-3-flash-preview'], tiers: flat(0.5, 0.05, 3), ...google },
  {
    models: ['gemini:gemini-3.1-flash-lite', 'gemini:gemini-3.1-flash-lite-preview'],
    tiers: flat(0.25, 0.025, 1.5),
    ...google,
  },
  { models: ['gemini:gemini-2.5-pro'], tiers: withLongPrompts(1.25, 0.125, 10), ...google },
  { models: ['gemini:gemini-2.5-flash'], tiers: flat(0.3, 0.03, 2.5), ...google },
  { models: ['gemini:gemini-2.5-flash-lite'], tiers: flat(0.1, 0.01, 0.4), ...google },
  { models: ['openai:gpt-5.4-mini'], tiers: flat(0.75, 0.075, 4.5), ...openAi },
  { models: ['openai:gpt-5.4-nano'], tiers: flat(0.2, 0.02, 1.25), ...openAi },
  { models: ['openai:gpt-5.2'], tiers: flat(1.75, 0.175, 14), ...openAi },
  { models: ['openai:gpt-5.1', 'openai:gpt-5'], tiers: flat(1.25, 0.125, 10), ...openAi },
  { models: ['openai:gpt-5-mini'], tiers: flat(0.25, 0.025, 2), ...openAi },
];
