/** What a run has taken of each bound that it has, and of what it has no bound on. */
import { formatTokens, formatUsd, tokensOf } from '../../protocol/amounts.ts';
import type { Spending } from '../../protocol/cost.ts';
import { duration } from '../../protocol/duration.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { t } from '../frame/strings.ts';

export interface BudgetLine {
  name: string;
  /** In words: `12 of 24`. */
  text: string;
  /** 0 to 1; null: there is no bound. */
  share: number | null;
  /** To have taken all of it is what was asked for. */
  isGoal?: boolean;
}

const hourMs = 3_600_000;

/** @param activeMs up to now; the summary's own is as old as the last event */
export function budgetLines(summary: RunSummary, activeMs: number): BudgetLine[] {
  const { config, counts, spent, gpus } = summary;
  const budget = config.budget ?? {};
  const gpuHours = (summary.gpuMs + gpus * Math.max(0, activeMs - summary.activeMs)) / hourMs;
  const line = (
    name: string,
    used: number,
    bound: number | null | undefined,
    text: string,
    of: string,
  ): BudgetLine => ({
    name,
    text: bound === null || bound === undefined ? text : t('{0} of {1}', text, of),
    share: bound === null || bound === undefined ? null : Math.min(1, used / bound),
  });
  const lines = [
    {
      ...line(t('Candidates'), counts.created, config.candidates, String(counts.created), String(config.candidates)),
      isGoal: true,
    },
    line(
      t('Time'),
      activeMs,
      config.hours === null ? null : config.hours * hourMs,
      duration(activeMs),
      `${config.hours} h`,
    ),
  ];
  if (spent.calls > 0 || budget.costUsd !== undefined)
    lines.push(line(t('Cost'), spent.costUsd, budget.costUsd, costWord(spent), formatUsd(budget.costUsd ?? 0)));
  if (spent.calls > 0 || budget.tokens !== undefined) {
    const tokens = tokensOf(spent);
    lines.push(line(t('Tokens'), tokens, budget.tokens, formatTokens(tokens), formatTokens(budget.tokens ?? 0)));
  }
  if (gpus > 0 || summary.gpuMs > 0 || budget.gpuHours !== undefined)
    lines.push(line(t('GPU-hours'), gpuHours, budget.gpuHours, gpuHours.toFixed(2), String(budget.gpuHours)));
  return lines;
}

/** Short; the view of costs says what is estimated and what has no price. */
function costWord({ costUsd, calls, unpricedCalls }: Spending): string {
  if (unpricedCalls === calls) return t('unpriced');
  return unpricedCalls > 0 ? t('more than {0}', formatUsd(costUsd)) : formatUsd(costUsd);
}
