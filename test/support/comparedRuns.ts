/** Runs as the comparison panel gets them. */
import type { ComparedRun } from '../../protocol/panels.ts';
import { openRunView } from '../../protocol/projection.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { isBetter } from '../../protocol/score.ts';
import { runStarted } from './candidates.ts';

/**
 * A finished run that minimises, with one candidate every so many milliseconds.
 * @param options.test of the selected candidate; given, the run is unsealed
 */
export function compared(options: {
  seed: number;
  scores: (number | null)[];
  every: number;
  config?: Partial<RunConfig>;
  selected?: number;
  test?: number;
}): ComparedRun {
  const { seed, scores, every, config = {}, selected = null, test = null } = options;
  const id = `20260101-00000${seed % 10}-toy-aa${String(seed).padStart(2, '0')}`;
  const { summary } = openRunView(id, { seq: 1, at: 1000 + seed, body: runStarted({ ...config, seed }) });
  const points = scores.map((search, index) => ({
    activeMs: (index + 1) * every,
    candidate: index + 1,
    search,
    test: index + 1 === selected ? test : null,
  }));
  for (const { search, candidate } of points) {
    if (search === null) continue;
    const score = { value: search, standardError: 0.01, rows: 100 };
    if (summary.bestSearch === null || isBetter(search, summary.bestSearch.score.value, 'minimize'))
      summary.bestSearch = { candidate, score, lead: null };
  }
  return {
    summary: { ...summary, state: 'finished', activeMs: scores.length * every, selected, unsealed: test !== null },
    points,
  };
}
