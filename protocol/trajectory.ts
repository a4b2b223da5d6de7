/** One agent's trajectory: an append-only JSONL of these events. The only input to resume, replay, panels and audit. */
import * as z from 'zod';

const at = z.number().describe('milliseconds since the epoch');

export const ToolName = z.enum(['bash', 'python', 'submit']);
export type ToolName = z.infer<typeof ToolName>;

export const Usage = z.object({
  input: z.int().nonnegative(),
  cachedInput: z.int().nonnegative(),
  output: z.int().nonnegative(),
  thoughts: z.int().nonnegative(),
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
});
export type Observation = z.infer<typeof Observation>;

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
    durationMs: z.number(),
    /** The provider's own message, verbatim, so that signatures survive a resume. */
    native: z.unknown().optional(),
  }),
  z.object({ type: z.literal('observation'), at, step: z.int(), callId: z.string(), observation: Observation }),
  /** Words from the engine to the agent that answer no tool call: a nudge, a final warning. */
  z.object({ type: z.literal('notice'), at, step: z.int(), kind: z.string(), text: z.string() }),
  z.object({ type: z.literal('resumed'), at, step: z.int(), sandboxKept: z.boolean() }),
  z.object({
    type: z.literal('ended'),
    at,
    step: z.int(),
    reason: z.enum(['submitted', 'step_limit', 'time_limit', 'no_tool_call', 'malformed_calls', 'aborted', 'failed']),
    detail: z.string().optional(),
  }),
]);
export type TrajectoryEvent = z.infer<typeof TrajectoryEvent>;
