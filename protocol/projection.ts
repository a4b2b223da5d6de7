/**
 * Events folded into what they mean: the run's summary and its candidates. Server, command line and panels all see a run
 * through this one function, so that a restart, a resumed subscription and a live view cannot disagree.
 */
import { addSpending, nothingSpent } from './amounts.ts';
import { compareWithBest, countAttempt, recompare } from './best.ts';
import type { RunSnapshot } from './client.ts';
import type { Spending } from './cost.ts';
import type {
  BudgetExtension,
  Candidate,
  CandidateId,
  PersonRequest,
  RunConfig,
  RunEvent,
  RunEventBody,
  RunId,
  RunSummary,
} from './run.ts';
import { isBetter } from './score.ts';

export interface QueuedRequest {
  request: string;
  body: PersonRequest;
}

export interface RunView {
  summary: RunSummary;
  candidates: Map<CandidateId, Candidate>;
  /** Requests of a person that are not served yet, oldest first. Of evaluations in the number that is left. */
  pending: QueuedRequest[];
  /** All requests of a person so far, by what they ask for. Of a snapshot only those that were pending then. */
  requests: Map<string, PersonRequest['kind']>;
  /** Requests that could not be served, or not all of them. */
  dropped: (QueuedRequest & { reason: string })[];
  /** Generator state after the last sampled assignment, null before the first. */
  generator: number[] | null;
  lastSeq: number;
  /** When the present stretch of activity began, null while paused or down. */
  activeSince: number | null;
  /** The search has ended for good: all scores are open, and the selection is made. */
  decided: boolean;
}

const earlyCaveat = 'validation and test scores were unsealed before the search had ended';

/** @throws if the first event is not `run_started`. */
export function openRunView(id: RunId, first: RunEvent): RunView {
  if (first.body.type !== 'run_started') throw new Error(`run ${id}: its log does not begin with run_started`);
  const { config, metric, splitHash, scoringHash, caveats, price, estimate } = first.body;
  return {
    summary: {
      id,
      state: 'running',
      config,
      metric,
      splitHash,
      ...(scoringHash === undefined ? {} : { scoringHash }),
      createdAt: first.at,
      endedAt: null,
      activeMs: 0,
      gpus: 0,
      gpuMs: 0,
      spent: nothingSpent,
      ...(price === undefined ? {} : { price }),
      ...(estimate === undefined ? {} : { estimate }),
      outage: null,
      counts: { created: 0, running: 0, scored: 0, failed: 0, abandoned: 0 },
      nearDuplicates: { told: 0, submitted: 0 },
      bestSearch: null,
      clearBest: null,
      stagnation: { sinceBest: 0, sinceClearBest: 0 },
      selected: null,
      unsealed: false,
      caveats: [...caveats],
      endReason: null,
    },
    candidates: new Map(),
    pending: [],
    requests: new Map(),
    dropped: [],
    generator: null,
    lastSeq: first.seq,
    activeSince: first.at,
    decided: false,
  };
}

/** The view that a snapshot was taken of, to go on from with the events after it. */
export function openSnapshot({ summary, candidates, pending, lastSeq, activeSince }: RunSnapshot): RunView {
  return {
    summary,
    candidates: new Map(candidates.map((candidate) => [candidate.id, candidate])),
    pending,
    requests: new Map(pending.map(({ request, body }) => [request, body.kind])),
    dropped: [],
    generator: null,
    lastSeq,
    activeSince,
    decided: summary.state === 'finished',
  };
}

/** Folds one event into the view, in place. Events must come in order; one already seen is ignored. */
export function applyEvent(view: RunView, event: RunEvent): void {
  if (event.seq <= view.lastSeq) return;
  if (event.seq !== view.lastSeq + 1) throw new Error(`event ${event.seq} after ${view.lastSeq}: one is missing`);
  view.lastSeq = event.seq;
  const { summary } = view;
  const { body } = event;
  switch (body.type) {
    case 'run_started':
      throw new Error('run_started twice in one log');
    case 'run_resumed':
      // The stretch before was cut off without a word; it counted up to the event before this one.
      view.activeSince = body.staysPaused === true ? null : event.at;
      summary.outage = null;
      delete summary.interruption;
      if (body.staysPaused !== true) delete summary.paused;
      if (summary.state !== 'stopping') summary.state = body.staysPaused === true ? 'paused' : 'running';
      break;
    case 'run_interrupted':
      if (body.found === true) view.activeSince = null;
      settle(view, event.at);
      summary.interruption = body.reason;
      // Where it was to end, it ends as soon as it is taken up again.
      if (summary.state !== 'stopping') summary.state = 'interrupted';
      break;
    case 'gpus_held':
      advance(view, event.at);
      summary.gpus = body.gpus;
      break;
    case 'provider_outage':
      settle(view, event.at);
      summary.outage = body.reason;
      break;
    case 'provider_recovered':
      summary.outage = null;
      if (summary.state === 'running' || summary.state === 'stopping') view.activeSince = event.at;
      break;
    case 'run_paused':
      settle(view, event.at);
      summary.state = 'paused';
      summary.paused = true;
      break;
    case 'run_unpaused':
      if (summary.outage === null) view.activeSince = event.at;
      summary.state = 'running';
      delete summary.paused;
      break;
    case 'run_stopping':
      // Nothing holds back a paused run that is to end.
      if (summary.state === 'paused' && summary.outage === null) view.activeSince = event.at;
      summary.state = 'stopping';
      delete summary.paused;
      summary.endReason = body.reason;
      if (body.mode !== undefined) summary.ending = body.mode;
      break;
    case 'stood_still':
      advance(view, event.at, body.ms);
      break;
    case 'budget_extended':
      summary.config = extended(summary, activeMsAt(view, event.at), body.by);
      if (summary.state === 'stopping') reopen(view);
      break;
    case 'caveat':
      if (!summary.caveats.includes(body.text)) summary.caveats.push(body.text);
      break;
    case 'request_queued':
      view.pending.push({ request: body.request, body: body.body });
      view.requests.set(body.request, body.body.kind);
      break;
    case 'request_dropped': {
      const dropped = view.pending.filter((item) => item.request === body.request);
      view.dropped.push(...dropped.map((item) => ({ ...item, reason: body.reason })));
      view.pending = view.pending.filter((item) => item.request !== body.request);
      break;
    }
    case 'candidate_started':
      view.candidates.set(body.candidate.id, startedCandidate(body.candidate));
      view.generator = body.generator;
      if (body.request !== null) view.pending = view.pending.filter((item) => item.request !== body.request);
      summary.counts.created += 1;
      summary.counts.running += 1;
      break;
    case 'candidate_placed':
      update(view, body.id, { slot: body.slot, ranOn: body.slot });
      break;
    case 'candidate_idea':
      update(view, body.id, { idea: body.idea });
      break;
    case 'candidate_near_duplicate':
      summary.nearDuplicates.told += 1;
      break;
    case 'candidate_submitted':
      update(view, body.id, {
        state: 'evaluating',
        submittedAt: event.at,
        summary: body.summary,
        steps: body.steps,
        ...(body.autosubmitted === true ? { autosubmitted: true } : {}),
        ...(body.nearDuplicate === undefined ? {} : { nearDuplicate: body.nearDuplicate }),
      });
      if (body.nearDuplicate !== undefined) summary.nearDuplicates.submitted += 1;
      spend(view, body.id, body.spent);
      break;
    case 'candidate_spent':
      spend(view, body.id, body.spent);
      break;
    case 'candidate_scored':
      update(view, body.id, {
        state: 'scored',
        slot: null,
        search: body.search,
        evaluation: body.evaluation,
        suspiciouslyPerfect: body.suspiciouslyPerfect,
        endedAt: event.at,
      });
      ended(summary, 'scored');
      if (view.candidates.get(body.id)?.excluded === true) countAttempt(summary);
      else compareWithBest(summary, body);
      break;
    case 'candidate_failed':
      update(view, body.id, {
        state: 'failed',
        slot: null,
        failure: body.failure,
        steps: body.steps,
        evaluation: body.evaluation,
        endedAt: event.at,
      });
      spend(view, body.id, body.spent);
      ended(summary, 'failed');
      countAttempt(summary);
      break;
    case 'candidate_abandoned':
      update(view, body.id, { state: 'abandoned', slot: null, endedAt: event.at });
      ended(summary, 'abandoned');
      break;
    case 'candidate_marked':
      mark(view, body);
      break;
    case 'candidate_reevaluated': {
      const { seed, search, failure, evaluation } = body;
      const before = view.candidates.get(body.id)?.repeats ?? [];
      update(view, body.id, { repeats: [...before, { seed, search, failure, evaluation }] });
      view.pending = view.pending.flatMap((item) => (item.request === body.request ? oneLess(item) : [item]));
      break;
    }
    case 'unsealed':
      for (const { id, ...scores } of body.scores) update(view, id, scores);
      summary.unsealed = true;
      summary.selected = body.selected ?? summary.selected;
      if (!body.early) view.decided = true;
      else if (summary.unsealedEarly === undefined) {
        summary.unsealedEarly = true;
        summary.caveats.push(earlyCaveat);
      }
      break;
    case 'run_finished':
      settle(view, event.at);
      summary.state = 'finished';
      summary.endReason = body.reason;
      summary.endedAt = event.at;
      break;
  }
  advance(view, event.at);
}

function startedCandidate(candidate: Candidate): Candidate {
  const own = structuredClone(candidate);
  return own.slot === null ? own : { ...own, ranOn: own.slot };
}

/** A mark that is taken away leaves nothing behind; what nobody has marked counts for the best so far. */
function mark(view: RunView, { id, pinned, excluded }: Extract<RunEventBody, { type: 'candidate_marked' }>): void {
  const candidate = update(view, id, {
    ...(pinned === true ? { pinned } : {}),
    ...(excluded === true ? { excluded } : {}),
  });
  if (pinned === false) delete candidate.pinned;
  if (excluded === false) delete candidate.excluded;
  if (excluded === undefined || candidate.search === null) return;
  const { bestSearch: best, clearBest, metric } = view.summary;
  const concernsBest =
    best === null ||
    best.candidate === id ||
    clearBest?.candidate === id ||
    !isBetter(best.score.value, candidate.search.value, metric.direction);
  if (concernsBest) recompare(view);
}

function oneLess({ request, body }: QueuedRequest): QueuedRequest[] {
  if (body.kind !== 'reevaluate' || body.times <= 1) return [];
  return [{ request, body: { ...body, times: body.times - 1 } }];
}

/** Of time and candidates it has no other bound than its GPU-hours: without a GPU it would need one. */
export function isTimedByGpus({ candidates, hours, budget }: RunConfig): boolean {
  return candidates === null && hours === null && budget?.gpuHours !== undefined;
}

/** A bound that a run does not have stays away, unless it may come by it: then it counts from now on. */
function extended({ config, counts }: RunSummary, activeMs: number, by: BudgetExtension): RunConfig {
  const { budget = {} } = config;
  const mayComeBy = isTimedByGpus(config);
  const candidates =
    config.candidates ?? (mayComeBy && by.candidates !== undefined ? counts.created - counts.abandoned : null);
  const hours = config.hours ?? (mayComeBy && by.hours !== undefined ? activeMs / 3_600_000 : null);
  const sums = {
    ...(budget.costUsd === undefined ? {} : { costUsd: budget.costUsd + (by.costUsd ?? 0) }),
    ...(budget.tokens === undefined ? {} : { tokens: budget.tokens + (by.tokens ?? 0) }),
    ...(budget.gpuHours === undefined ? {} : { gpuHours: budget.gpuHours + (by.gpuHours ?? 0) }),
  };
  return {
    ...config,
    candidates: candidates === null ? null : candidates + (by.candidates ?? 0),
    hours: hours === null ? null : hours + (by.hours ?? 0),
    ...(config.budget === undefined ? {} : { budget: { ...budget, ...sums } }),
  };
}

/** A search that had come to its end has something to do again. Only a run that is down is extended then. */
function reopen({ summary }: RunView): void {
  summary.state = 'interrupted';
  summary.endReason = null;
  delete summary.ending;
}

/** Milliseconds that the run has been active by `now`: pauses, outages and downtime do not count. */
export function activeMsAt({ summary, activeSince }: Pick<RunView, 'summary' | 'activeSince'>, now: number): number {
  return summary.activeMs + (activeSince === null ? 0 : Math.max(0, now - activeSince));
}

/** Counts the time up to now, less what of it was nobody's. */
function advance(view: RunView, at: number, stillMs = 0): void {
  if (view.activeSince === null) return;
  const { summary } = view;
  const ms = Math.max(0, at - view.activeSince - stillMs);
  summary.activeMs += ms;
  summary.gpuMs += ms * summary.gpus;
  view.activeSince = at;
}

/** Counts the time up to now, and no more from now on. */
function settle(view: RunView, at: number): void {
  advance(view, at);
  view.activeSince = null;
}

/** Events carry a candidate's total, not what came on top: told twice, it counts once. */
function spend(view: RunView, id: CandidateId, spent: Spending | undefined): void {
  if (spent === undefined) return;
  const before = view.candidates.get(id)?.spent ?? nothingSpent;
  view.summary.spent = addSpending(addSpending(view.summary.spent, spent), before, -1);
  update(view, id, { spent });
}

function ended(summary: RunSummary, how: 'scored' | 'failed' | 'abandoned'): void {
  summary.counts.running -= 1;
  summary.counts[how] += 1;
}

function update(view: RunView, id: CandidateId, change: Partial<Candidate>): Candidate {
  const candidate = view.candidates.get(id);
  if (candidate === undefined) throw new Error(`an event speaks of candidate ${id}, which never started`);
  Object.assign(candidate, change);
  return candidate;
}
