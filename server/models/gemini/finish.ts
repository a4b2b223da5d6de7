/** Google's finish reasons, grouped by what the engine can do about them. */
import type { FinishKind } from '../chatModel.ts';

const kinds: Readonly<Record<string, FinishKind>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  // A longer answer than one call may give. We turned automatic continuation off: one call is one logged event.
  CONTINUATION: 'length',
  MALFORMED_FUNCTION_CALL: 'malformed',
  MALFORMED_RESPONSE: 'malformed',
  UNEXPECTED_TOOL_CALL: 'malformed',
  TOO_MANY_TOOL_CALLS: 'malformed',
  SAFETY: 'blocked',
  RECITATION: 'blocked',
  LANGUAGE: 'blocked',
  OTHER: 'blocked',
  BLOCKLIST: 'blocked',
  PROHIBITED_CONTENT: 'blocked',
  SPII: 'blocked',
  IMAGE_SAFETY: 'blocked',
  IMAGE_PROHIBITED_CONTENT: 'blocked',
  IMAGE_RECITATION: 'blocked',
  IMAGE_OTHER: 'blocked',
  NO_IMAGE: 'blocked',
};

export interface Ending {
  finishReason: string | null;
  /** What the provider says beside the reason, e.g. which call was malformed. */
  finishMessage: string | null;
  /** Why the prompt itself was refused. */
  blockReason: string | null;
  hasCalls: boolean;
}

/**
 * The end of an answer as the engine sees it. A stream that closed cleanly without a reason is `incomplete`: the SDK reports
 * no error for it. A reason that is not known yet counts as `blocked`: nothing usable may be assumed of it.
 */
export function finishOf({ finishReason, finishMessage, blockReason, hasCalls }: Ending): {
  kind: FinishKind;
  raw: string;
} {
  if (finishReason === null) {
    if (blockReason !== null) return { kind: 'blocked', raw: `prompt blocked: ${blockReason}` };
    return { kind: 'incomplete', raw: 'the stream ended without a finish reason' };
  }
  const kind = (Object.hasOwn(kinds, finishReason) ? kinds[finishReason] : undefined) ?? 'blocked';
  const raw = finishMessage === null ? finishReason : `${finishReason}: ${finishMessage}`;
  return { kind: kind === 'stop' && hasCalls ? 'tool_calls' : kind, raw };
}
