/**
 * Which candidate leads by search score, whether its lead is more than noise, and for how long there has been no better one.
 * What a person has excluded does not count.
 */
import { isClear, type Lead, unpairedLead } from './lead.ts';
import type { Candidate, CandidateId, RunEventBody, RunSummary } from './run.ts';
import { isBetter } from './score.ts';

type Scored = Pick<Extract<RunEventBody, { type: 'candidate_scored' }>, 'id' | 'search' | 'lead'>;
type Standing = Pick<RunSummary, 'metric' | 'bestSearch' | 'clearBest' | 'stagnation'>;

/** A candidate is the new best if it is better at all; whether that is more than noise is told beside it. */
export function compareWithBest(summary: Standing, scored: Scored): void {
  countAttempt(summary);
  const { id: candidate, search: score } = scored;
  const { bestSearch: best, clearBest } = summary;
  if (best !== null && !isBetter(score.value, best.score.value, summary.metric.direction)) return;
  const lead = leadOver(clearBest, scored);
  summary.bestSearch = { candidate, score, lead };
  summary.stagnation.sinceBest = 0;
  if (lead !== null && !isClear(lead)) return;
  summary.clearBest = { candidate, score };
  summary.stagnation.sinceClearBest = 0;
}

/** What was compared when it was scored holds only if no other clear best has come in meanwhile. */
function leadOver(clearBest: Standing['clearBest'], { search, lead }: Scored): Lead | null {
  if (clearBest === null || search.selfReported === true) return null;
  return lead?.over === clearBest.candidate ? lead : unpairedLead(clearBest.candidate, clearBest.score, search);
}

/** One more candidate has come to its end and is not the best. */
export function countAttempt({ stagnation }: Standing): void {
  stagnation.sinceBest += 1;
  stagnation.sinceClearBest += 1;
}

/**
 * Once more from the first candidate that ended, after a person has changed which of them count. Leads are then those that
 * the scores alone tell: what was resampled when a candidate came in was resampled against another best.
 */
export function recompare({
  summary,
  candidates,
}: {
  summary: Standing;
  candidates: Map<CandidateId, Candidate>;
}): void {
  summary.bestSearch = null;
  summary.clearBest = null;
  summary.stagnation = { sinceBest: 0, sinceClearBest: 0 };
  const ended = [...candidates.values()].filter(({ state }) => state === 'scored' || state === 'failed');
  for (const { id, search, excluded } of ended.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0) || a.id - b.id))
    if (search === null || excluded === true) countAttempt(summary);
    else compareWithBest(summary, { id, search });
}
