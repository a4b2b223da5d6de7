/** What a person may change of a run as it stands: each wish is checked here, whoever passes it on. */
import { isTimedByGpus, type RunView } from '../../protocol/projection.ts';
import type { BudgetExtension, CandidateId, RunEventBody } from '../../protocol/run.ts';
import { CandidateNotFoundError, RequestRefusedError } from './requests.ts';

export interface Marks {
  pinned?: boolean | undefined;
  excluded?: boolean | undefined;
}

/**
 * The event that marks a candidate, or null if it is marked so already.
 * @throws {CandidateNotFoundError} {RequestRefusedError} if exclusion cannot matter any more
 */
export function checkedMarks(
  { summary, candidates, decided }: RunView,
  id: CandidateId,
  { pinned, excluded }: Marks,
): Extract<RunEventBody, { type: 'candidate_marked' }> | null {
  const candidate = candidates.get(id);
  if (candidate === undefined) throw new CandidateNotFoundError(summary.id, id, candidates.size);
  const isNew = (given: boolean | undefined, now: boolean | undefined) =>
    given !== undefined && given !== (now ?? false);
  const changes = {
    ...(isNew(pinned, candidate.pinned) ? { pinned } : {}),
    ...(isNew(excluded, candidate.excluded) ? { excluded } : {}),
  };
  if (Object.keys(changes).length === 0) return null;
  if (decided && 'excluded' in changes)
    throw new RequestRefusedError(
      `Run ${summary.id} has ended and made its selection: what is excluded cannot change any more. Pin the candidate that you prefer, or export it.`,
    );
  return { type: 'candidate_marked', id, ...changes };
}

/**
 * Of an extension that which the run has a bound for. One that is down, perhaps for want of a GPU whose hours bound it, may
 * come by another bound.
 * @throws {RequestRefusedError} if it has none of them, or its hidden scores are open for good
 */
export function checkedExtension(
  { summary, decided }: RunView,
  by: BudgetExtension,
  { isLive }: { isLive: boolean },
): BudgetExtension {
  const { id, config } = summary;
  if (decided || summary.state === 'finished')
    throw new RequestRefusedError(
      `Run ${id} has ended and its hidden scores are open: it cannot go on. Start a new run of the same task.`,
    );
  if (config.replayOf !== undefined)
    throw new RequestRefusedError(`Run ${id} replays a recording: it cannot get longer.`);
  const bounds = {
    candidates: config.candidates,
    hours: config.hours,
    costUsd: config.budget?.costUsd ?? null,
    tokens: config.budget?.tokens ?? null,
    gpuHours: config.budget?.gpuHours ?? null,
  };
  const bounded = extensible.filter((name) => bounds[name] !== null);
  const asked = extensible.filter((name) => by[name] !== undefined);
  const mayComeBy = !isLive && isTimedByGpus(config);
  const granted = asked.filter(
    (name) => bounds[name] !== null || (mayComeBy && (name === 'hours' || name === 'candidates')),
  );
  if (granted.length > 0) return Object.fromEntries(granted.map((name) => [name, by[name]]));
  const named = (names: readonly (typeof extensible)[number][], between: string) =>
    names.map((name) => boundNames[name]).join(between);
  const has = bounded.length === 0 ? 'It has no bound at all.' : `It is bounded by ${named(bounded, ', ')}.`;
  throw new RequestRefusedError(
    asked.length === 0
      ? `Say by what run ${id} is to be extended. ${has}`
      : `Run ${id} has no bound of ${named(asked, ' or ')}: there is nothing to extend. ${has}`,
  );
}

const extensible = ['candidates', 'hours', 'costUsd', 'tokens', 'gpuHours'] as const;
const boundNames = {
  candidates: 'candidates',
  hours: 'hours',
  costUsd: 'US dollars',
  tokens: 'tokens',
  gpuHours: 'GPU-hours',
} as const;
