/** What a run may take, in words. */
import { formatUsd } from '../../protocol/amounts.ts';
import type { RunConfig } from '../../protocol/run.ts';

/** Its bounds, one by one; empty if it has none. */
export function boundWords({ candidates, hours, budget = {} }: RunConfig): string[] {
  return [
    ...(candidates === null ? [] : [candidates === 1 ? '1 candidate' : `${candidates} candidates`]),
    ...(hours === null ? [] : [`${hours} h`]),
    ...(budget.costUsd === undefined ? [] : [formatUsd(budget.costUsd)]),
    ...(budget.tokens === undefined ? [] : [`${budget.tokens} tokens`]),
    ...(budget.gpuHours === undefined ? [] : [`${budget.gpuHours} GPU-hours`]),
  ];
}
