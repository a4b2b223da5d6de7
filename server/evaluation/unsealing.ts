/** Scores the hidden splits of all candidates of a run whose search has ended. */
import type { Candidate, CandidateId, Score } from '../../protocol/run.ts';
import { ScorerError } from './errors.ts';
import type { UnsealedScores } from './evaluator.ts';

export interface Unsealing {
  scores: {
    id: CandidateId;
    search: Score | null;
    hiddenSearch?: Score | null;
    validation: Score | null;
    test: Score | null;
  }[];
  /** What a reader must know: which candidates have no score for another reason than their own program. */
  caveats: string[];
}

const maxNamed = 20;

/**
 * A candidate that cannot be scored is left without scores and named in a caveat; the others go on.
 * @param unseal as Evaluator.unseal, by candidate
 * @throws ScorerError if nothing can be scored at all, or nothing any more
 */
export async function unsealAll(
  candidates: Pick<Candidate, 'id' | 'search'>[],
  unseal: (id: CandidateId) => Promise<UnsealedScores>,
): Promise<Unsealing> {
  const scores: Unsealing['scores'] = [];
  const troubled: { id: CandidateId; problem: string }[] = [];
  let failure: ScorerError | null = null;
  for (const { id, search } of candidates) {
    try {
      const { validation, test, problems, hiddenSearch } = await unseal(id);
      scores.push({ id, search, ...(hiddenSearch === undefined ? {} : { hiddenSearch }), validation, test });
      for (const problem of problems) troubled.push({ id, problem });
    } catch (error) {
      if (!(error instanceof ScorerError)) throw error;
      failure = error;
      scores.push({ id, search, validation: null, test: null });
      troubled.push({ id, problem: error.message });
    }
  }
  if (failure !== null) {
    // A scorer that broke half-way says nothing of candidates: one that it could score must still be scored now.
    const witness = scores.find(({ validation, test }) => validation !== null || test !== null);
    if (witness === undefined) throw failure;
    await unseal(witness.id);
  }
  return { scores, caveats: caveatsOf(troubled) };
}

function caveatsOf(troubled: { id: CandidateId; problem: string }[]): string[] {
  const [first] = troubled;
  if (first === undefined) return [];
  const ids = [...new Set(troubled.map(({ id }) => id))];
  const named = ids.slice(0, maxNamed).map((id) => `#${id}`);
  const more = ids.length > maxNamed ? ` and ${ids.length - maxNamed} more` : '';
  return [
    `without validation or test score, because the scorer failed on their predictions: ${named.join(', ')}${more} (#${first.id}: ${first.problem})`,
  ];
}
