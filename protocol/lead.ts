/** Whether a new best is better beyond noise: a search that takes every lucky draw for progress never sees that it stands still. */
import type { Score } from './run.ts';

/** A lead of fewer standard errors than this is within noise: about one in twenty of no difference would look as large. */
export const clearLead = 2;

/** Its schema is in `run.ts`: whoever only compares needs no zod. */
export interface Lead {
  /** The last candidate whose own lead was clear: many small steps count together. */
  over: number;
  /** How much better, on the metric's scale; positive. */
  difference: number;
  standardError: number;
  /** True: of the difference itself, both predictions resampled together. False: from the errors of both, which is wider. */
  paired: boolean;
}

export function isClear({ difference, standardError }: Lead): boolean {
  return difference > clearLead * standardError;
}

/** From the two scores alone. */
export function unpairedLead(over: number, before: Score, now: Score): Lead {
  return {
    over,
    difference: Math.abs(now.value - before.value),
    standardError: Math.hypot(before.standardError, now.standardError),
    paired: false,
  };
}

/** `ahead of #7 by 2.4 standard errors`, or that this is within noise. */
export function describeLead(lead: Lead): string {
  const { over, difference, standardError } = lead;
  if (standardError === 0) return `ahead of #${over}`;
  const errors = (difference / standardError).toFixed(1);
  return `ahead of #${over} by ${errors} standard errors${isClear(lead) ? '' : ', within noise'}`;
}
