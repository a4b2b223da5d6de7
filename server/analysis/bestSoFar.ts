/** The best of a run in words, and whether the search still gets anywhere. */
import { describeLead } from '../../protocol/lead.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { formatScoreWithError } from '../../protocol/score.ts';

/** `#12 0.123 ± 0.004, ahead of #7 by 2.4 standard errors`, or `none`. */
export function bestWords({ bestSearch }: Pick<RunSummary, 'bestSearch'>): string {
  if (bestSearch === null) return 'none';
  const { candidate, score, lead } = bestSearch;
  return `#${candidate} ${formatScoreWithError(score)}${lead === null ? '' : `, ${describeLead(lead)}`}`;
}

/** How long nothing better has come; null while something just has. */
export function stagnationWords({ stagnation, bestSearch }: RunSummary): string | null {
  const { sinceBest, sinceClearBest } = stagnation;
  if (bestSearch === null || sinceClearBest === 0) return null;
  if (sinceBest === sinceClearBest) return `${count(sinceBest)} since without a better one`;
  return `${count(sinceBest)} since without a better one, ${sinceClearBest} without one better beyond noise`;
}

const count = (candidates: number) => `${candidates} candidate${candidates === 1 ? '' : 's'}`;
