/** Runs and candidates as text for a model. English: it is not for a person. */
import { formatCost } from '../../../protocol/amounts.ts';
import type { RunView } from '../../../protocol/projection.ts';
import type { CandidateId, RunSummary } from '../../../protocol/run.ts';
import { formatScoreWithError, isBetter } from '../../../protocol/score.ts';

const listed = 20;

export function runsText(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'There are no runs yet.';
  const newest = [...runs].sort((a, b) => b.createdAt - a.createdAt).slice(0, listed);
  const lines = newest.map(({ id, config, state, counts, bestSearch, metric, spent, unsealed }) =>
    [
      id,
      `task ${config.task}`,
      `model ${config.model}`,
      state,
      `${counts.scored} scored, ${counts.failed} failed, ${counts.running} at work`,
      bestSearch === null
        ? 'no score yet'
        : `best ${metric.name} (${metric.direction}) ${formatScoreWithError(bestSearch.score)} by #${bestSearch.candidate}`,
      formatCost(spent),
      unsealed ? 'hidden scores open' : 'hidden scores sealed',
    ].join('; '),
  );
  const rest = runs.length > listed ? [`(${runs.length - listed} older runs)`] : [];
  return [...lines, ...rest].join('\n');
}

export function topCandidatesText({ candidates, summary }: RunView): string {
  const scored = [...candidates.values()].filter(({ search }) => search !== null);
  scored.sort((a, b) =>
    a.search !== null && b.search !== null && isBetter(a.search.value, b.search.value, summary.metric.direction)
      ? -1
      : 1,
  );
  const lines = scored
    .slice(0, listed)
    .map(({ id, search, operator, parents, summary: words }) =>
      [
        `#${id}`,
        search === null ? '' : formatScoreWithError(search),
        parents.length === 0 ? operator : `${operator} of ${parents.map((parent) => `#${parent}`).join(', ')}`,
        words,
      ].join('; '),
    );
  return [runsText([summary]), ...lines].join('\n');
}

/** null if there is none. */
export function candidateText({ candidates, summary }: RunView, id: CandidateId): string | null {
  const candidate = candidates.get(id);
  if (candidate === undefined) return null;
  const { operator, parents, state, author, search, validation, test, failure, guidance } = candidate;
  const sealed = summary.unsealed ? 'none' : 'sealed until the run has ended';
  return [
    `Candidate #${id} of run ${summary.id}, task ${summary.config.task}, ${summary.metric.name} (${summary.metric.direction})`,
    `${operator}${parents.length === 0 ? '' : ` of ${parents.map((parent) => `#${parent}`).join(', ')}`}, ${state}, by ${author}`,
    `search score: ${search === null ? 'none' : formatScoreWithError(search)}`,
    `validation score: ${validation === null ? sealed : formatScoreWithError(validation)}`,
    `test score: ${test === null ? sealed : formatScoreWithError(test)}`,
    ...(failure === null ? [] : [`failed (${failure.kind}): ${failure.message}`]),
    ...(guidance === undefined ? [] : [`guidance of the person: ${guidance}`]),
    ...(candidate.summary === '' ? [] : [`its author says: ${candidate.summary}`]),
  ].join('\n');
}
