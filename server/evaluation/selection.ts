/**
 * The arithmetic of scores: which of two is better, what agents may see of one, and which candidate a run selects when
 * the search has ended (§3.3, decoupled selection).
 */
import type { CandidateId, Score } from '../../protocol/run.ts';
import { isBetter } from '../../protocol/score.ts';
import type { Direction } from '../../protocol/task.ts';

/** Significant digits of a score shown to agents. */
export const digitsForAgents = 5;

/** Negative if `a` is better than `b`, positive if worse, 0 if equal: an order for `sort`, best first. */
export function compareScores(a: number, b: number, direction: Direction): number {
  if (a === b) return 0;
  return isBetter(a, b, direction) ? -1 : 1;
}

/**
 * A search score as agents see it: five significant digits. At full precision the score of every submission would tell a
 * little of the labels (which of two guesses for one row is right); five digits leave differences that mean anything and
 * take most of that channel away. The search itself ranks by the full score.
 *
 * @example roundForAgents(0.123456789) // 0.12346
 */
export function roundForAgents(score: number): number {
  return Number(score.toPrecision(digitsForAgents));
}

/** A candidate as final selection sees it. */
export interface SelectableCandidate {
  id: CandidateId;
  search: Score | null;
  validation: Score | null;
}

/**
 * The candidate with the best validation score; of equals the one with the better search score, then the earlier one.
 * Test scores have no say. Candidates without a validation score cannot be chosen; null if none has one.
 */
export function selectFinal<C extends SelectableCandidate>(candidates: readonly C[], direction: Direction): C | null {
  let best: C | null = null;
  for (const candidate of candidates) {
    if (candidate.validation && (!best || isPreferred(candidate, best, direction))) best = candidate;
  }
  return best;
}

/**
 * The candidate with the best search score; of equals the earlier one. For self-reported evaluation, where nothing else had a
 * say in the run: validation scores are there for comparison only.
 */
export function selectBySearch<C extends SelectableCandidate>(
  candidates: readonly C[],
  direction: Direction,
): C | null {
  const scored = candidates.filter(({ search }) => search !== null);
  const order = (a: C, b: C) => compareWhereScored(a.search, b.search, direction) || a.id - b.id;
  return scored.sort(order)[0] ?? null;
}

function isPreferred(candidate: SelectableCandidate, best: SelectableCandidate, direction: Direction): boolean {
  const byValidation = compareWhereScored(candidate.validation, best.validation, direction);
  const bySearch = compareWhereScored(candidate.search, best.search, direction);
  return (byValidation || bySearch || candidate.id - best.id) < 0;
}

/** As compareScores; a missing score is worse than any. */
function compareWhereScored(a: Score | null, b: Score | null, direction: Direction): number {
  if (a && b) return compareScores(a.value, b.value, direction);
  return Number(b !== null) - Number(a !== null);
}
