/** How a candidate did against what it came from. */
import { clearLead } from '../../../protocol/lead.ts';
import type { Candidate, CandidateId, Score } from '../../../protocol/run.ts';
import { isBetter } from '../../../protocol/score.ts';
import type { Direction } from '../../../protocol/task.ts';

export interface ScoreChange {
  /** The better one of its parents. */
  parent: CandidateId;
  better: boolean;
  /** Not negative, on the metric's scale. */
  difference: number;
  /** More than two standard errors, both scores taken as independent: a wide margin. */
  clear: boolean;
}

/** null where there is nothing to compare: no parent, or no score on either side. */
export function scoreChange(
  candidate: Pick<Candidate, 'parents' | 'search'>,
  find: (id: CandidateId) => Pick<Candidate, 'search'> | undefined,
  direction: Direction,
): ScoreChange | null {
  const own = candidate.search;
  const parent = betterParent(candidate.parents, find, direction);
  if (own === null || parent === null) return null;
  const difference = Math.abs(own.value - parent.score.value);
  const noise = Math.hypot(own.standardError, parent.score.standardError);
  return {
    parent: parent.id,
    better: isBetter(own.value, parent.score.value, direction),
    difference,
    clear: difference > clearLead * noise,
  };
}

function betterParent(
  parents: readonly CandidateId[],
  find: (id: CandidateId) => Pick<Candidate, 'search'> | undefined,
  direction: Direction,
): { id: CandidateId; score: Score } | null {
  let best: { id: CandidateId; score: Score } | null = null;
  for (const id of parents) {
    const score = find(id)?.search ?? null;
    if (score !== null && (best === null || isBetter(score.value, best.score.value, direction))) best = { id, score };
  }
  return best;
}
