/** Tokens times prices. Pure. */
import type { Price, PriceTier } from '../../../protocol/cost.ts';
import type { Usage } from '../../../protocol/trajectory.ts';

const million = 1_000_000;

/** The tier is the prompt's: all tokens of a call are billed by the size of its whole prompt, cached part included. */
export function tierFor({ tiers }: Price, promptTokens: number): PriceTier {
  const tier = tiers.findLast(({ abovePromptTokens }) => abovePromptTokens === 0 || promptTokens > abovePromptTokens);
  if (tier === undefined) throw new Error('a price has a tier from 0 tokens on');
  return tier;
}

/** US dollars; null without a price. Thoughts are billed as output. */
export function costOf(
  usage: Pick<Usage, 'input' | 'cachedInput' | 'output' | 'thoughts'>,
  price: Price | null,
): number | null {
  if (price === null) return null;
  const { input, cachedInput, output } = tierFor(price, usage.input);
  const fresh = Math.max(0, usage.input - usage.cachedInput);
  return (fresh * input + usage.cachedInput * cachedInput + (usage.output + usage.thoughts) * output) / million;
}
