/**
 * Search scores decided who became a parent, so the best of them are partly luck. Validation scores decided nothing during
 * the search: how much worse they are, on the whole, is how much the search flatters itself.
 */
import type { Candidate, CandidateId, RunSummary } from '../../protocol/run.ts';

export interface Compared {
  candidate: CandidateId;
  search: number;
  validation: number;
}

/** Candidates that have both scores, by number. */
export function searchAgainstValidation(candidates: Iterable<Candidate>): Compared[] {
  const pairs: Compared[] = [];
  for (const { id, search, validation } of candidates)
    if (search !== null && validation !== null)
      pairs.push({ candidate: id, search: search.value, validation: validation.value });
  return pairs.sort((a, b) => a.candidate - b.candidate);
}

export interface Optimism {
  /** Of all candidates: by how much search is better than validation, on the metric's scale; negative: it was worse. */
  mean: number;
  /** Of that mean; candidates of one family are not independent, so it is rather too small. null: fewer than two. */
  standardError: number | null;
  candidates: number;
  /** The same of the best by search alone: this one is where luck collects. */
  ofBest: number | null;
}

export function optimism(
  pairs: readonly Compared[],
  { metric, bestSearch }: Pick<RunSummary, 'metric' | 'bestSearch'>,
): Optimism | null {
  if (pairs.length === 0) return null;
  const sign = metric.direction === 'minimize' ? -1 : 1;
  const gaps = pairs.map(({ search, validation }) => sign * (search - validation));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const squares = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0);
  const best = pairs.findIndex(({ candidate }) => candidate === bestSearch?.candidate);
  return {
    mean,
    standardError: gaps.length < 2 ? null : Math.sqrt(squares / (gaps.length - 1) / gaps.length),
    candidates: gaps.length,
    ofBest: gaps[best] ?? null,
  };
}
