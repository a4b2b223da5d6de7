/** What each run, and each group of seeds, has come to. */
import type { ComparedRun } from '../../protocol/panels.ts';
import type { CandidateId, Score } from '../../protocol/run.ts';
import { meanOf, standardErrorOf } from './bands.ts';
import type { SeedGroup } from './seedGroups.ts';

export interface RunFinal {
  run: ComparedRun;
  best: { candidate: CandidateId; score: Score } | null;
  selected: CandidateId | null;
  /** Of the selected candidate. `sealed`: nobody may know it yet. null: it has none. */
  test: number | 'sealed' | null;
  ended: number;
}

export interface GroupFinal {
  group: SeedGroup;
  runs: RunFinal[];
  /** Of the runs' best search scores; null while any has none. */
  best: Average | null;
  /** Of the test scores of what was selected; null while any is sealed. */
  test: Average | null;
}

export interface Average {
  mean: number;
  /** Over seeds; 0 for a single run. */
  standardError: number;
  runs: number;
}

export function runFinal(run: ComparedRun): RunFinal {
  const { summary, points } = run;
  const { selected, unsealed, bestSearch } = summary;
  const test = points.find(({ candidate }) => candidate === selected)?.test ?? null;
  return { run, best: bestSearch, selected, test: unsealed ? test : 'sealed', ended: points.length };
}

export function groupFinals(groups: readonly SeedGroup[]): GroupFinal[] {
  return groups.map((group) => {
    const runs = group.runs.map(runFinal);
    return {
      group,
      runs,
      best: average(runs.map(({ best }) => best?.score.value ?? null)),
      test: average(runs.map(({ test }) => (typeof test === 'number' ? test : null))),
    };
  });
}

function average(values: readonly (number | null)[]): Average | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return null;
  return { mean: meanOf(known), standardError: standardErrorOf(known), runs: known.length };
}
