/** Finish reasons of OpenAI-compatible servers, grouped by what the engine can do about them. */
import type { FinishKind } from '../chatModel.ts';

const kinds: Readonly<Record<string, FinishKind>> = {
  stop: 'stop',
  tool_calls: 'stop',
  function_call: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  end_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  content_filter: 'blocked',
  // vLLM's word for a request that its engine gave up.
  abort: 'incomplete',
  error: 'incomplete',
};

export interface Ending {
  /** As sent; null if the stream ended without one. */
  reason: string | null;
  hasCalls: boolean;
  /** The model began a call and did not end it. */
  hasBrokenCall: boolean;
  hasText: boolean;
}

/** A stream that ended without a reason is `incomplete`; an unknown reason counts by what came with it. */
export function finishOf({ reason, hasCalls, hasBrokenCall, hasText }: Ending): { kind: FinishKind; raw: string } {
  if (reason === null) return { kind: 'incomplete', raw: 'the stream ended without a finish reason' };
  const known = Object.hasOwn(kinds, reason) ? kinds[reason] : undefined;
  const kind = known ?? (hasCalls || hasText ? 'stop' : 'incomplete');
  if (kind !== 'stop') return { kind, raw: reason };
  if (hasBrokenCall) return { kind: 'malformed', raw: `${reason}: the arguments of a call are no JSON object` };
  return { kind: hasCalls ? 'tool_calls' : 'stop', raw: reason };
}
