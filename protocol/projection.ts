/**
 * Events folded into what they mean: the run's summary and its candidates. Server, command line and panels all see a run
 * through this one function, so that a restart, a resumed subscription and a live view cannot disagree.
 */
import type { RunSnapshot } from './client.ts';
import { addSpending, nothingSpent, type Spending } from './cost.ts';
import { isClear, type Lead, unpairedLead } from './lead.ts';
import type { Candidate, CandidateId, PersonRequest, RunEvent, RunEventBody, RunId, RunSummary } from './run.ts';
import { isBetter } from './score.ts';

export interface RunView {
  summary: RunSummary;
  candidates: Map<CandidateId, Candidate>;
  /** Requests of a person that no candidate serves yet, oldest first. */
  pending: { request: string; body: PersonRequest }[];
  /** Generator state after the last sampled assignment, null before the first. */
  generator: number[] | null;
  lastSeq: number;
  /** When the present stretch of activity began, null while paused or down. */
  activeSince: number | null;
}

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
      caveats,
      endReason: null,
    },
    candidates: new Map(),
    pending: [],
    generator: null,
    lastSeq: first.seq,
    activeSince: first.at,
  };
}

/** The view that a snapshot was taken of, to go on from with the events after it. */
export function openSnapshot({ summary, candidates, pending, lastSeq, activeSince }: RunSnapshot): RunView {
  return {
    summary,
    candidates: new Map(candidates.map((candidate) => [candidate.id, candidate])),
    pending,
    generator: null,
    lastSeq,
    activeSince,
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
      view.activeSince = event.at;
      summary.outage = null;
      if (summary.state !== 'stopping') summary.state = 'running';
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
      break;
    case 'run_unpaused':
      if (summary.outage === null) view.activeSince = event.at;
      summary.state = 'running';
      break;
    case 'run_stopping':
      summary.state = 'stopping';
      summary.endReason = body.reason;
      break;
    case 'caveat':
      if (!summary.caveats.includes(body.text)) summary.caveats.push(body.text);
      break;
    case 'request_queued':
      view.pending.push({ request: body.request, body: body.body });
      break;
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
      compareWithBest(summary, body);
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
    case 'unsealed':
      for (const { id, ...scores } of body.scores) update(view, id, scores);
      summary.unsealed = true;
      summary.selected = body.selected ?? summary.selected;
      if (body.early) summary.caveats.push('validation and test scores were unsealed before the search had ended');
      break;
    case 'run_finished':
    case 'run_failed':
      settle(view, event.at);
      summary.state = body.type === 'run_finished' ? 'finished' : 'failed';
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

/** A candidate is the new best if it is better at all; whether that is more than noise is told beside it. */
function compareWithBest(summary: RunSummary, scored: Extract<RunEventBody, { type: 'candidate_scored' }>): void {
  countAttempt(summary);
  const { id: candidate, search: score } = scored;
  const { bestSearch: best, clearBest } = summary;
  if (best !== null && !isBetter(score.value, best.score.value, summary.metric.direction)) return;
  const lead = leadOver(clearBest, scored);
  summary.bestSearch = { candidate, score, lead };
  summary.stagnation.sinceBest = 0;
  if (lead !== null && !isClear(lead)) return;
  summary.clearBest = { candidate, score };
  summary.stagnation.sinceClearBest = 0;
}

/** What was compared when it was scored holds only if no other clear best has come in meanwhile. */
function leadOver(
  clearBest: RunSummary['clearBest'],
  { search, lead }: Extract<RunEventBody, { type: 'candidate_scored' }>,
): Lead | null {
  if (clearBest === null || search.selfReported === true) return null;
  return lead?.over === clearBest.candidate ? lead : unpairedLead(clearBest.candidate, clearBest.score, search);
}

function countAttempt({ stagnation }: RunSummary): void {
  stagnation.sinceBest += 1;
  stagnation.sinceClearBest += 1;
}

/** Milliseconds that the run has been active by `now`: pauses, outages and downtime do not count. */
export function activeMsAt({ summary, activeSince }: Pick<RunView, 'summary' | 'activeSince'>, now: number): number {
  return summary.activeMs + (activeSince === null ? 0 : Math.max(0, now - activeSince));
}

/** Counts the time up to now. */
function advance(view: RunView, at: number): void {
  if (view.activeSince === null) return;
  const { summary } = view;
  const ms = Math.max(0, at - view.activeSince);
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
