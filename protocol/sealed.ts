/** Whether a candidate's validation and test scores are still to come. */
import type { Candidate, RunSummary } from './run.ts';

/** Of a run that was unsealed early those are open that had been scored by then; the others when it has ended. */
export function isSealed(
  { state, validation, test }: Pick<Candidate, 'state' | 'validation' | 'test'>,
  run: Pick<RunSummary, 'unsealed' | 'unsealedEarly' | 'state'>,
): boolean {
  if (state !== 'scored') return false;
  if (!run.unsealed) return true;
  return run.unsealedEarly === true && run.state !== 'finished' && validation === null && test === null;
}
