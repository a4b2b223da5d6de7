/** What a run's calls to its model took, over time and by candidate. */
import { tokensOf } from '../../protocol/amounts.ts';
import type { Candidate, CandidateId } from '../../protocol/run.ts';

export interface SpendingCurve {
  /** Milliseconds since the run was created, rising. */
  at: number[];
  /** Sums up to then. */
  costUsd: number[];
  tokens: number[];
}

/** A candidate's calls are counted when its agent is done; of one at work, now. */
export function spendingCurve(candidates: Iterable<Candidate>, createdAt: number, now: number): SpendingCurve {
  const parts: { at: number; costUsd: number; tokens: number }[] = [];
  for (const { spent, submittedAt, endedAt } of candidates)
    if (spent !== undefined)
      parts.push({ at: (submittedAt ?? endedAt ?? now) - createdAt, costUsd: spent.costUsd, tokens: tokensOf(spent) });
  parts.sort((a, b) => a.at - b.at);
  const curve: SpendingCurve = { at: [0], costUsd: [0], tokens: [0] };
  let [costUsd, tokens] = [0, 0];
  for (const part of parts) {
    costUsd += part.costUsd;
    tokens += part.tokens;
    curve.at.push(Math.max(0, part.at));
    curve.costUsd.push(costUsd);
    curve.tokens.push(tokens);
  }
  curve.at.push(Math.max(0, now - createdAt, curve.at.at(-1) ?? 0));
  curve.costUsd.push(costUsd);
  curve.tokens.push(tokens);
  return curve;
}

/** How sure one can be of a candidate's cost. */
export type CostKind = 'priced' | 'estimated' | 'unpriced';

export interface CandidateCost {
  candidate: CandidateId;
  costUsd: number;
  tokens: number;
  kind: CostKind;
}

/** By number; without those that never called a model. */
export function candidateCosts(candidates: Iterable<Candidate>): CandidateCost[] {
  const costs: CandidateCost[] = [];
  for (const { id, spent } of candidates) {
    if (spent === undefined || spent.calls === 0) continue;
    const kind = spent.unpricedCalls > 0 ? 'unpriced' : spent.estimatedCalls > 0 ? 'estimated' : 'priced';
    costs.push({ candidate: id, costUsd: spent.costUsd, tokens: tokensOf(spent), kind });
  }
  return costs.sort((a, b) => a.candidate - b.candidate);
}

export interface Spread {
  count: number;
  mean: number;
  median: number;
  largest: number;
}

/** null: there are none. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] ?? 0;
  return {
    count: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    largest: at(sorted.length - 1),
  };
}
