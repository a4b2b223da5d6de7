/** The best score so far, and which of its steps were better beyond noise: the rule of the run itself, kept as a curve. */
import { compareWithBest } from '../../protocol/best.ts';
import type { Lead } from '../../protocol/lead.ts';
import type { CandidateId, RunSummary, Score } from '../../protocol/run.ts';

export interface BestStep {
  candidate: CandidateId;
  /** When it came in: milliseconds, or whatever else the curve is drawn over. */
  at: number;
  score: number;
  /** Better, beyond noise, than the clear best before it; the first always is. */
  clear: boolean;
}

/**
 * Follows scores in the order in which they come in. What was compared row by row then (`lead`) is known only of those that
 * come in while one looks; of others both standard errors decide, which is stricter.
 */
export class BestSoFar {
  readonly steps: BestStep[] = [];
  readonly #standing: Parameters<typeof compareWithBest>[0];

  constructor(metric: RunSummary['metric']) {
    this.#standing = {
      metric,
      bestSearch: null,
      clearBest: null,
      stagnation: { sinceBest: 0, sinceClearBest: 0 },
    };
  }

  /** @returns true if it is the new best */
  add(candidate: CandidateId, at: number, search: Score, lead?: Lead): boolean {
    compareWithBest(this.#standing, { id: candidate, search, ...(lead === undefined ? {} : { lead }) });
    if (this.#standing.bestSearch?.candidate !== candidate) return false;
    this.steps.push({ candidate, at, score: search.value, clear: this.#standing.clearBest?.candidate === candidate });
    return true;
  }

  /** The run itself knows that this one was clear. */
  markClear(candidate: CandidateId): void {
    const step = this.steps.find((one) => one.candidate === candidate);
    if (step !== undefined) step.clear = true;
  }
}
