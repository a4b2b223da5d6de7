/** Tokens and money added up, and as people read them. Apart from the schemas, so that a webview can have it without zod. */
import type { Spending } from './cost.ts';

export const nothingSpent: Spending = {
  calls: 0,
  input: 0,
  cachedInput: 0,
  output: 0,
  thoughts: 0,
  costUsd: 0,
  unpricedCalls: 0,
  estimatedCalls: 0,
};

/** `a + sign · b`, field by field. */
export function addSpending(a: Spending, b: Spending, sign: 1 | -1 = 1): Spending {
  const sum = (key: keyof Spending) => Math.max(0, a[key] + sign * b[key]);
  return {
    calls: sum('calls'),
    input: sum('input'),
    cachedInput: sum('cachedInput'),
    output: sum('output'),
    thoughts: sum('thoughts'),
    costUsd: sum('costUsd'),
    unpricedCalls: sum('unpricedCalls'),
    estimatedCalls: sum('estimatedCalls'),
  };
}

/** Input, output and thoughts together. */
export function tokensOf({ input, output, thoughts }: Pick<Spending, 'input' | 'output' | 'thoughts'>): number {
  return input + output + thoughts;
}

/** `$1.23`, `$0.0042`; never `$0.00` for what is more than nothing. */
export function formatUsd(value: number): string {
  if (value === 0 || value >= 0.995) return `$${value.toFixed(2)}`;
  return `$${value.toPrecision(2)}`.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

/** `1.2 M`, `340 k`, `87`. */
export function formatTokens(value: number): string {
  if (value >= 9.995e5) return `${(value / 1e6).toFixed(value < 9.95e6 ? 2 : 1)} M`;
  return value >= 1000 ? `${(value / 1000).toFixed(value < 9950 ? 1 : 0)} k` : String(Math.round(value));
}

/** Cost in words; says where the sum is not all. */
export function formatCost({ costUsd, calls, unpricedCalls, estimatedCalls }: Spending): string {
  if (calls > 0 && unpricedCalls === calls) return 'unpriced';
  const more = unpricedCalls === 0 ? '' : ` and ${unpricedCalls} unpriced calls`;
  const estimated = estimatedCalls === 0 ? '' : ` (${estimatedCalls} of ${calls} calls estimated)`;
  return `${formatUsd(costUsd)}${more}${estimated}`;
}
