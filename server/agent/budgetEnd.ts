/** How a trajectory ends that its budget has no room for any more. */
import { formatTokens, formatUsd } from '../../protocol/amounts.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { BudgetExhaustedError } from '../models/budget/budget.ts';
import { spendingOf } from '../models/budget/spendingOf.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { BudgetTooSmallError, TrajectoryEnd } from './limits.ts';

/** The very first draft has the shortest prompt of all: where it has no room for a first call, no candidate has. */
export function budgetEnd(
  error: BudgetExhaustedError,
  { events, context }: { events: readonly TrajectoryEvent[]; context: OperatorContext },
): TrajectoryEnd | BudgetTooSmallError {
  if (error.scope === 'run') return new TrajectoryEnd('run_budget', error.message);
  const { operator, draftIndex, populationSize } = context;
  const isFirst = operator === 'draft' && draftIndex === 0 && populationSize === 0;
  if (!isFirst || spendingOf(events, { open: true }).calls > 0 || error.lack === null)
    return new TrajectoryEnd('budget_limit', error.message);
  const { limits, needed } = error.lack;
  const [bound, most, option] =
    limits.costUsd !== null && needed.costUsd > limits.costUsd
      ? [formatUsd(limits.costUsd), formatUsd(needed.costUsd), '--candidate-cost']
      : [`${formatTokens(limits.tokens ?? 0)} tokens`, `${formatTokens(needed.tokens)} tokens`, '--candidate-tokens'];
  return new BudgetTooSmallError(
    `the budget of a candidate (${bound}) has no room for its first turn, which may take up to ${most} with what is held back for its last: start the run again with a larger ${option}, or without one`,
    { cause: error },
  );
}
