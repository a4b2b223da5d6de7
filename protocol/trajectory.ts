/** One agent's trajectory: an append-only JSONL of these events. The only input to resume, replay, panels and audit. */
import * as z from 'zod';
import { NearDuplicate } from './run.ts';

const at = z.number().describe('milliseconds since the epoch');

export const ToolName = z.enum(['bash', 'python', 'submit']);
export type ToolName = z.infer<typeof ToolName>;

export const Usage = z.object({
  input: z.int().nonnegative(),
  cachedInput: z.int().nonnegative(),
  output: z.int().nonnegative(),
  thoughts: z.int().nonnegative(),
  /** The provider gave no counts: these are ours, from the number of characters. */
  estimated: z.boolean().optional(),
});
export type Usage = z.infer<typeof Usage>;

export const ToolCall = z.object({ id: z.string(), name: z.string(), arguments: z.unknown() });
export type ToolCall = z.infer<typeof ToolCall>;

/** What a tool call showed. `text` is what the agent sees (bounded); `fullTextPath` is a file in the sandbox with all of it. */
export const Observation = z.object({
  text: z.string(),
  outcome: z.enum(['ok', 'error', 'timeout', 'session_lost', 'interrupted', 'invalid_call']),
  durationMs: z.number().nonnegative(),
  fullTextPath: z.string().optional(),
  /** All of it (or its beginning, where it is very long) is kept beside the trajectory, under this name: see `trajectory.output`. */
  keptOutput: z.string().optional(),
});
export type Observation = z.infer<typeof Observation>;

/** US dollars by the price table of the time; null where the model has no price. Absent in logs of older versions. */
const costUsd = z.number().nonnegative().nullable().optional();
/** Milliseconds before this answer in which the agent waited for the provider: its clock stood still. */
const parkedMs = z.number().nonnegative().optional();

export const TrajectoryEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    at,
    model: z.string(),
    systemPrompt: z.string(),
    prompt: z.string(),
    seed: z.int(),
    /** The operator's context as data, as the agent had it. */
    context: z.unknown(),
  }),
  z.object({
    type: z.literal('model'),
    at,
    step: z.int(),
    /** The reason of (reason, act, observe). */
    reason: z.string(),
    calls: z.array(ToolCall),
    finish: z.string(),
    usage: Usage,
    costUsd,
    durationMs: z.number(),
    parkedMs,
    /** It was its last turn: nothing but `submit` was offered. */
    isLast: z.literal(true).optional(),
    /** The provider's own message, verbatim, so that signatures survive a resume. */
    native: z.unknown().optional(),
  }),
  z.object({ type: z.literal('observation'), at, step: z.int(), callId: z.string(), observation: Observation }),
  /** Words from the engine to the agent that answer no tool call: a nudge, a final warning. */
  z.object({ type: z.literal('notice'), at, step: z.int(), kind: z.string(), text: z.string() }),
  /** An answer that was paid for and not used: it was malformed, withheld or broken off, and was asked for again. */
  z.object({
    type: z.literal('discarded'),
    at,
    /** The step it would have been. */
    step: z.int(),
    cause: z.enum(['malformed', 'blocked', 'incomplete', 'snapshot']),
    finish: z.string(),
    usage: Usage,
    costUsd,
    durationMs: z.number(),
    parkedMs,
  }),
  /**
   * A call is about to be made, and this is the most that it can take. What settles it is the next `model`, `discarded`,
   * `charge` or `compacted` event with usage: one that nothing settles was cut off by a crash and counts in full.
   */
  z.object({
    type: z.literal('reserved'),
    at,
    step: z.int(),
    usage: Usage,
    costUsd,
    /** Of its prompt: beside what the provider counts, they tell how long the next one is. Absent in logs of older versions. */
    characters: z.int().nonnegative().optional(),
  }),
  /** What a call took that brought no answer. All zeros where the provider refused it. */
  z.object({
    type: z.literal('charge'),
    at,
    step: z.int(),
    /** `cut_off`: its answer never came to the log, because the server was killed. */
    cause: z.enum(['refused', 'failed', 'aborted', 'cut_off']),
    detail: z.string(),
    usage: Usage,
    costUsd,
  }),
  /** The budget had no room for a call, so it was not made. */
  z.object({
    type: z.literal('no_room'),
    at,
    /** The step that its answer would have been for. */
    step: z.int(),
    purpose: z.enum(['act', 'snapshot']),
    /** It would have been the last turn. */
    isLast: z.boolean(),
    /** Whose budget. */
    scope: z.enum(['run', 'candidate']),
    detail: z.string(),
    /** It waited so long for calls of others to end. */
    parkedMs,
  }),
  /**
   * From here on the model is shown less of what came before. On disk before it is used: messages are a function of the
   * events, so that a resumed agent reads the same.
   */
  z.object({
    type: z.literal('compacted'),
    at,
    step: z.int(),
    how: z.enum(['masked', 'snapshot', 'cut']),
    /** `budget`: our own estimate. `overflow`: the provider refused the request as too long. */
    why: z.enum(['budget', 'overflow']),
    /** From now on only the ends of long outputs up to this step are shown; 0: this event masks nothing. */
    maskedThrough: z.int().nonnegative(),
    /** From now on steps up to this one are left out; 0: this event leaves nothing out. */
    cutThrough: z.int().nonnegative(),
    /** The model's own words on what was left out; absent where there never were any. */
    snapshot: z.string().optional(),
    /** What the engine knows of the work so far, from its own observations. Stands beside a cut. */
    state: z.string().optional(),
    /** Estimates of the size of the next request, in tokens. */
    tokensBefore: z.int().nonnegative(),
    tokensAfter: z.int().nonnegative(),
    /** What writing the snapshot cost. */
    usage: Usage.optional(),
    costUsd,
    durationMs: z.number().optional(),
    parkedMs,
  }),
  /** The program ran to its end in the development sandbox and wrote predictions: the engine kept a copy of it. */
  z.object({
    type: z.literal('rehearsed'),
    at,
    step: z.int(),
    directory: z.string(),
    files: z.int().positive(),
  }),
  /** The agent wanted to submit nearly the program of another candidate, and was told so in its observation. */
  z.object({ type: z.literal('near_duplicate'), at, step: z.int(), duplicate: NearDuplicate, text: z.string() }),
  z.object({ type: z.literal('resumed'), at, step: z.int(), sandboxKept: z.boolean() }),
  /** The machine slept, the process was stopped or the clock set forward: for so long up to now it was nobody's time. */
  z.object({ type: z.literal('stood_still'), at, step: z.int(), parkedMs: z.number().nonnegative() }),
  z.object({
    type: z.literal('ended'),
    at,
    step: z.int(),
    reason: z.enum([
      'submitted',
      'step_limit',
      'time_limit',
      'no_tool_call',
      'malformed_calls',
      'looping',
      // The candidate's own budget, and the run's.
      'budget_limit',
      'run_budget',
      'aborted',
      'failed',
    ]),
    detail: z.string().optional(),
    /** The agent did not submit; the engine submitted the last program that it had seen run to its end. */
    autosubmitted: z.boolean().optional(),
  }),
]);
export type TrajectoryEvent = z.infer<typeof TrajectoryEvent>;
