/** Why a run that has ended has selected no program. */
import type { Candidate } from '../../protocol/run.ts';

/** Null: it cannot be told from its candidates. */
export function whyNoneSelected(
  candidates: Iterable<Pick<Candidate, 'search' | 'excluded' | 'validation'>>,
): 'nothing scored' | 'all excluded' | 'no validation score' | null {
  const scored = [...candidates].filter(({ search }) => search !== null);
  if (scored.length === 0) return 'nothing scored';
  const eligible = scored.filter(({ excluded }) => excluded !== true);
  if (eligible.length === 0) return 'all excluded';
  return eligible.every(({ validation }) => validation === null) ? 'no validation score' : null;
}
