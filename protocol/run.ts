/** Runs and candidates as clients see them, and the events that tell of every change to them. */
import * as z from 'zod';
import { CallRates, CostEstimate, Price, RunBudget, Spending } from './cost.ts';
import type { Lead as LeadOver } from './lead.ts';
import { EvaluationMode, OperatorMode, SearchMode } from './runSwitches.ts';
import { Direction, SplitName } from './task.ts';

export const RunId = z.string().regex(/^[a-z0-9][a-z0-9-]{2,80}$/);
export type RunId = z.infer<typeof RunId>;

/** A candidate's number within its run, from 1. */
export const CandidateId = z.int().positive();
export type CandidateId = z.infer<typeof CandidateId>;

export const Operator = z.enum(['draft', 'mutation', 'crossover', 'human']);
export type Operator = z.infer<typeof Operator>;

export const SandboxDriverName = z.enum(['bwrap', 'podman', 'docker', 'apptainer', 'none']);
export type SandboxDriverName = z.infer<typeof SandboxDriverName>;

export const RunConfig = z.object({
  task: z.string(),
  taskVersion: z.int().positive(),
  /** `heuristic`, `gemini:<name>` or `openai:<name>@<url>`. */
  model: z.string(),
  workers: z.int().min(1).max(256),
  agentsPerSlot: z.int().min(1).max(16),
  /** How many candidates to make, requests of a person included; null: until time is up. */
  candidates: z.int().positive().nullable(),
  hours: z.number().positive().nullable(),
  seed: z.int().nonnegative(),
  temperature: z.number().positive(),
  crossover: z.number().min(0).max(1),
  /** How many agents start from nothing before sampling begins. */
  drafts: z.int().positive(),
  maxSteps: z.int().positive(),
  search: SearchMode.default('evolution'),
  operators: OperatorMode.default('react'),
  evaluation: EvaluationMode.default('hidden'),
  /** The run of which this one makes the recorded candidates again. */
  replayOf: RunId.optional(),
  /** Tokens, money and GPU-hours that the run may take; absent: as much as it needs. */
  budget: RunBudget.optional(),
  rates: CallRates.optional(),
  sandbox: SandboxDriverName,
  /** Image that sandboxes are made from, as their driver names it; absent: the host's own programs and `venv`. */
  image: z.string().min(1).optional(),
});
export type RunConfig = z.infer<typeof RunConfig>;

/**
 * More of what bounds a run; each is added to what there is. A run without that bound keeps none, unless GPU-hours are what
 * bounds it: that comes by hours or candidates, so many from now on.
 */
export const BudgetExtension = z.object({
  candidates: z.int().positive().optional(),
  hours: z.number().positive().optional(),
  costUsd: z.number().positive().optional(),
  tokens: z.int().positive().optional(),
  gpuHours: z.number().positive().optional(),
});
export type BudgetExtension = z.infer<typeof BudgetExtension>;

/** A score with its bootstrap standard error over the rows (or groups) of the split. */
export const Score = z.object({
  value: z.number(),
  standardError: z.number().nonnegative(),
  rows: z.int().positive(),
  /** What a program says of itself: error and rows are unknown, and stand as 0 and 1. */
  selfReported: z.literal(true).optional(),
});
export type Score = z.infer<typeof Score>;

const Lead: z.ZodType<LeadOver> = z.object({
  over: z.int().positive(),
  difference: z.number(),
  standardError: z.number().nonnegative(),
  paired: z.boolean(),
});

/** Why a candidate has no score. Only the program's (or its author's) own behaviour stands here: invariant 5. */
export const CandidateFailure = z.object({
  kind: z.enum([
    'no_submission',
    /** What a person had handed in was no program any more when its turn came. */
    'bad_submission',
    'program_error',
    'timeout',
    'out_of_memory',
    'no_predictions',
    'invalid_predictions',
    /** Self-reported evaluation only: it did not say how good it is. */
    'no_report',
  ]),
  message: z.string(),
});
export type CandidateFailure = z.infer<typeof CandidateFailure>;

export const CandidateState = z.enum(['running', 'evaluating', 'scored', 'failed', 'abandoned']);
export type CandidateState = z.infer<typeof CandidateState>;

export const EvaluationRun = z.object({
  split: z.union([z.literal('pooled'), SplitName]),
  exitCode: z.int().nullable(),
  durationMs: z.number().nonnegative(),
  peakMemoryMb: z.number().nonnegative().nullable(),
});
export type EvaluationRun = z.infer<typeof EvaluationRun>;

/** Another candidate whose program is the same but for a few tokens; comments and layout do not count. */
export const NearDuplicate = z.object({
  of: CandidateId,
  /** Share of runs of five tokens that both have, of those that either has. */
  similarity: z.number().min(0).max(1),
});
export type NearDuplicate = z.infer<typeof NearDuplicate>;

/** The same program once more, with another seed: how much of its score is luck. */
export const Repeat = z.object({
  seed: z.int().nonnegative(),
  search: Score.nullable(),
  failure: CandidateFailure.nullable(),
  evaluation: z.array(EvaluationRun),
});
export type Repeat = z.infer<typeof Repeat>;

export const Candidate = z.object({
  id: CandidateId,
  operator: Operator,
  parents: z.array(CandidateId).max(2),
  /** Who asked: the search's own sampling, or a person. */
  origin: z.enum(['sampled', 'person']),
  guidance: z.string().optional(),
  state: CandidateState,
  slot: z.int().nonnegative().nullable(),
  /** Where it was worked on last; stays when its work has ended. */
  ranOn: z.int().nonnegative().optional(),
  /** Seed of this candidate's agent and of its program's run (`AIRA_SEED`). */
  seed: z.int().nonnegative(),
  /** One line, in the author's words: what this program does differently. */
  summary: z.string(),
  /** The first idea that its agent stated, while it was still at work. */
  idea: z.string().optional(),
  author: z.string(),
  createdAt: z.number(),
  /** When its agent was done and its evaluation began. */
  submittedAt: z.number().optional(),
  endedAt: z.number().nullable(),
  steps: z.int().nonnegative(),
  /** The agent ended without submitting; the engine submitted the last program that it had seen run to its end. */
  autosubmitted: z.boolean().optional(),
  /** What it is nearly the same as; an agent had been told so, and insisted. */
  nearDuplicate: NearDuplicate.optional(),
  search: Score.nullable(),
  /** Self-reported evaluation only: the score on the search split, computed when the run has ended. */
  hiddenSearch: Score.nullable().optional(),
  /** Sealed until the run has ended: null before. */
  validation: Score.nullable(),
  test: Score.nullable(),
  failure: CandidateFailure.nullable(),
  evaluation: z.array(EvaluationRun),
  /** What its agent's calls took; absent while nothing is known of any. Of one at work: some minutes old. */
  spent: Spending.optional(),
  /** The score equals the metric's optimum: look for a leak before believing it. */
  suspiciouslyPerfect: z.boolean(),
  /** Evaluated again at a person's wish, oldest first. None of them counts for the search. */
  repeats: z.array(Repeat).optional(),
  /** A person keeps it in view. */
  pinned: z.literal(true).optional(),
  /** A person keeps it from being sampled as a parent, and from being selected. */
  excluded: z.literal(true).optional(),
});
export type Candidate = z.infer<typeof Candidate>;

/** `interrupted`: it is down and can be resumed, however it came to be so. */
export const RunState = z.enum(['running', 'paused', 'stopping', 'finished', 'interrupted']);
export type RunState = z.infer<typeof RunState>;

/** `finish`: nothing new is started, agents at work come to their end. `stop`: agents are ended at once. */
export const StopMode = z.enum(['finish', 'stop']);
export type StopMode = z.infer<typeof StopMode>;

export const RunSummary = z.object({
  id: RunId,
  state: RunState,
  config: RunConfig,
  metric: z.object({ name: z.string(), direction: Direction }),
  splitHash: z.string(),
  /** Absent in runs of older versions. */
  scoringHash: z.string().optional(),
  createdAt: z.number(),
  endedAt: z.number().nullable(),
  /** Wall-clock milliseconds this run has been active, pauses and downtime left out. */
  activeMs: z.number().nonnegative(),
  /** GPUs that the run holds, and the milliseconds that it has held them while active, summed over them. */
  gpus: z.int().nonnegative(),
  gpuMs: z.number().nonnegative(),
  /** What all calls to the model took. */
  spent: Spending,
  /** The price that calls were counted with at the start; null: unpriced. Absent in runs of older versions. */
  price: Price.nullable().optional(),
  /** The estimate that was made before the start. */
  estimate: CostEstimate.optional(),
  /** Why agents wait for the model's provider, null while it answers. The run's clock stands still meanwhile. */
  outage: z.string().nullable(),
  counts: z.object({
    created: z.int(),
    running: z.int(),
    scored: z.int(),
    failed: z.int(),
    abandoned: z.int(),
  }),
  /** Agents that were told that their program is a near-duplicate, and programs that came in all the same. */
  nearDuplicates: z.object({ told: z.int(), submitted: z.int() }),
  /** `lead`: over the last clear best; null for the first, and for self-reported scores, whose noise nobody knows. */
  bestSearch: z.object({ candidate: CandidateId, score: Score, lead: Lead.nullable() }).nullable(),
  /** The last best that was better beyond noise than the clear best before it. */
  clearBest: z.object({ candidate: CandidateId, score: Score }).nullable(),
  /** Candidates that have been scored or have failed since the best, and the clear best, came in. */
  stagnation: z.object({ sinceBest: z.int(), sinceClearBest: z.int() }),
  /** Null until the search has ended, also where scores were unsealed before. */
  selected: CandidateId.nullable(),
  unsealed: z.boolean(),
  /** A person had them unsealed before the end: those of candidates scored later stay sealed until then. Stays for good. */
  unsealedEarly: z.literal(true).optional(),
  /** Things a reader must know to judge the run: no sandbox, limits not enforced, model without an LLM. */
  caveats: z.array(z.string()),
  endReason: z.string().nullable(),
  /** While `stopping` at a person's word: agents at work come to their end (`finish`), or were ended at once (`stop`). */
  ending: StopMode.optional(),
  /** A person has paused it, and has not asked since that it go on: nor does it when another server takes it up. */
  paused: z.literal(true).optional(),
  /** Of a run that is down, where that is known: why. */
  interruption: z.string().optional(),
});
export type RunSummary = z.infer<typeof RunSummary>;

/** Evaluations that one request can ask for. */
export const maxRepeats = 16;

/** What a person asks of a live run. Served before any sampled assignment. */
export const PersonRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fork'), parent: CandidateId, guidance: z.string().max(8000).optional() }),
  z.object({
    kind: z.literal('cross'),
    parents: z.tuple([CandidateId, CandidateId]),
    guidance: z.string().max(8000).optional(),
  }),
  z.object({ kind: z.literal('submit'), parent: CandidateId.optional(), program: z.string(), summary: z.string() }),
  /** Its program again, `times` times, each with a seed that it has not had. */
  z.object({ kind: z.literal('reevaluate'), candidate: CandidateId, times: z.int().min(1).max(maxRepeats) }),
]);
export type PersonRequest = z.infer<typeof PersonRequest>;

/** Everything that happens to a run, in order: `seq` is dense from 1. On disk before anybody learns of it (invariant 4). */
export const RunEventBody = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run_started'),
    config: RunConfig,
    metric: RunSummary.shape.metric,
    /** Of the prepared task: a run is resumed on the same splits or not at all. */
    splitHash: z.string(),
    /** Of the task's metric, form of predictions and command: a run is resumed under the same or not at all. */
    scoringHash: z.string().optional(),
    caveats: z.array(z.string()),
    price: Price.nullable().optional(),
    estimate: CostEstimate.optional(),
  }),
  /** How many GPUs the run holds from now on. */
  z.object({ type: z.literal('gpus_held'), gpus: z.int().nonnegative() }),
  /** The provider of the model does not answer: agents are parked until it does. */
  z.object({ type: z.literal('provider_outage'), reason: z.string() }),
  z.object({ type: z.literal('provider_recovered') }),
  /** `staysPaused`: a person had paused it, and nobody has asked that it go on. */
  z.object({ type: z.literal('run_resumed'), pid: z.int(), staysPaused: z.literal(true).optional() }),
  z.object({ type: z.literal('run_paused') }),
  z.object({ type: z.literal('run_unpaused') }),
  /** No new assignments from here on. Without a mode: the search has come to its end by itself. */
  z.object({ type: z.literal('run_stopping'), reason: z.string(), mode: StopMode.optional() }),
  /** `found`: its server ended without a word, some time before; the run's clock stood still since the event before. */
  z.object({ type: z.literal('run_interrupted'), reason: z.string(), found: z.literal(true).optional() }),
  /** The machine slept, the process was stopped or the clock set forward: of the time up to now so much was nobody's. */
  z.object({ type: z.literal('stood_still'), ms: z.number().nonnegative() }),
  /** What is added to each bound that the run has. Opens a search again that had ended and was not unsealed. */
  z.object({ type: z.literal('budget_extended'), by: BudgetExtension }),
  z.object({ type: z.literal('caveat'), text: z.string() }),
  z.object({ type: z.literal('request_queued'), request: z.string(), body: PersonRequest }),
  /** What is left of it cannot be served. */
  z.object({ type: z.literal('request_dropped'), request: z.string(), reason: z.string() }),
  z.object({
    type: z.literal('candidate_started'),
    candidate: Candidate,
    /** The person's request this serves, if any. */
    request: z.string().nullable(),
    /** The search generator's state after the draws for this candidate. */
    generator: z.array(z.int()),
  }),
  z.object({ type: z.literal('candidate_placed'), id: CandidateId, slot: z.int().nonnegative() }),
  /** Its agent has said what it will try: other agents hear of it at once. */
  z.object({ type: z.literal('candidate_idea'), id: CandidateId, idea: z.string() }),
  /** Its agent was told so when it wanted to submit; it may change the program, or insist. */
  z.object({ type: z.literal('candidate_near_duplicate'), id: CandidateId, duplicate: NearDuplicate }),
  z.object({
    type: z.literal('candidate_submitted'),
    id: CandidateId,
    summary: z.string(),
    steps: z.int(),
    autosubmitted: z.boolean().optional(),
    nearDuplicate: NearDuplicate.optional(),
    spent: Spending.optional(),
  }),
  z.object({
    type: z.literal('candidate_scored'),
    id: CandidateId,
    search: Score,
    /** Of a new best: its lead over what was the clear best when it was scored. */
    lead: Lead.optional(),
    evaluation: z.array(EvaluationRun),
    suspiciouslyPerfect: z.boolean(),
  }),
  z.object({
    type: z.literal('candidate_failed'),
    id: CandidateId,
    failure: CandidateFailure,
    steps: z.int(),
    evaluation: z.array(EvaluationRun),
    spent: Spending.optional(),
  }),
  /** What a candidate's calls have taken in all so far: the last one holds, so that none is counted twice. */
  z.object({ type: z.literal('candidate_spent'), id: CandidateId, spent: Spending }),
  z.object({ type: z.literal('candidate_abandoned'), id: CandidateId, reason: z.string() }),
  /** A person marks it, or takes a mark away; what is absent stays as it is. */
  z.object({
    type: z.literal('candidate_marked'),
    id: CandidateId,
    pinned: z.boolean().optional(),
    excluded: z.boolean().optional(),
  }),
  /** One of the evaluations that a person has asked for. Its own score stays. */
  z.object({ type: z.literal('candidate_reevaluated'), id: CandidateId, request: z.string(), ...Repeat.shape }),
  z.object({
    type: z.literal('unsealed'),
    scores: z.array(
      z.object({
        id: CandidateId,
        hiddenSearch: Score.nullable().optional(),
        validation: Score.nullable(),
        test: Score.nullable(),
      }),
    ),
    selected: CandidateId.nullable(),
    /** True if a person asked for it before the search had ended. */
    early: z.boolean(),
  }),
  z.object({ type: z.literal('run_finished'), reason: z.string() }),
]);
export type RunEventBody = z.infer<typeof RunEventBody>;
/** The first event of a new run. Logs of older versions may lack what is demanded here. */
export type NewRun = Extract<RunEventBody, { type: 'run_started' }> & { scoringHash: string };
export const RunEvent = z.object({ seq: z.int().positive(), at: z.number(), body: RunEventBody });
export type RunEvent = z.infer<typeof RunEvent>;
