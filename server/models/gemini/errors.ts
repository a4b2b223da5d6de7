/** Failures of a Gemini call as `ChatModelError`, told apart by what can be done about them, with every secret taken out. */
import { ApiError } from '@google/genai';
import type { Usage } from '../../../protocol/trajectory.ts';
import { ChatModelError, type ChatModelErrorKind } from '../chatModel.ts';
import { type Redact, redactedError } from '../redaction.ts';
import { type GoogleError, googleErrorIn, retryAfterMs } from './errorBody.ts';

/** A wait longer than this is no rate limit any more: the quota is used up. */
const longestRateLimitMs = 300_000;

const overflow =
  /token count .*exceeds|exceeds the maximum number of tokens|input token count|context (length|window)/i;
const badKey = /API[ _]key (not valid|expired|not found)|API_KEY_INVALID|missing.*API key|unregistered callers/i;

function isDailyQuota({ details, message }: GoogleError): boolean {
  const names = details.flatMap(({ violations = [] }) => violations.flatMap(({ quotaId }) => quotaId ?? []));
  return names.some((name) => /PerDay/i.test(name)) || /per day|PerDay/i.test(message);
}

function kindOf(status: number, error: GoogleError): ChatModelErrorKind {
  const reasons = error.details.flatMap(({ reason }) => reason ?? []);
  if (status === 429 || error.status === 'RESOURCE_EXHAUSTED') {
    const wait = retryAfterMs(error);
    return isDailyQuota(error) || (wait !== null && wait > longestRateLimitMs) ? 'quota_exhausted' : 'rate_limit';
  }
  if (reasons.some((reason) => reason.startsWith('API_KEY')) || badKey.test(error.message)) return 'auth';
  if (status === 401 || status === 403) return 'auth';
  if (status === 408 || status === 504 || error.status === 'DEADLINE_EXCEEDED') return 'timeout';
  if (status >= 500 || status === 499) return 'overloaded';
  if (status === 413 || overflow.test(error.message)) return 'context_overflow';
  return 'bad_request';
}

const advice: Partial<Record<ChatModelErrorKind, string>> = {
  auth: 'Check the API key in GEMINI_API_KEY or GOOGLE_API_KEY, and that it may use this model.',
  quota_exhausted: 'Wait until the quota is renewed, raise it, or use another key or model.',
};

function adviceFor(kind: ChatModelErrorKind, status: number): string {
  if (status === 404) return ' Check the name of the model after `gemini:`.';
  const words = advice[kind];
  return words === undefined ? '' : ` ${words}`;
}

function fromApiError(
  error: ApiError,
  model: string,
): { kind: ChatModelErrorKind; status: number; words: string; wait: number | null } {
  const body = googleErrorIn(error.message);
  const status = body.code !== null && body.code >= 400 ? body.code : error.status;
  const kind = kindOf(status, body);
  const name = body.status === null ? `${status}` : `${status} ${body.status}`;
  const words = `Gemini refused a call to ${model} (${name}): ${body.message || 'no more words'}${adviceFor(kind, status)}`;
  return { kind, status, words, wait: retryAfterMs(body) };
}

/** Codes along a chain of causes, outermost first: `fetch failed` itself says nothing. */
function causes(error: unknown): string[] {
  const words: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code: unknown = Reflect.get(at, 'code');
    words.push(typeof code === 'string' ? `${at.message} (${code})` : at.message);
  }
  return words;
}

/** The answer is nothing that Google sends: damaged on its way, or a server that only says that it is Google. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';
}

/** What fetch, the reader of its body and the SDK's parser say when a connection breaks or an answer is cut in the middle. */
const brokenStream = /fetch failed|terminated|Incomplete JSON segment|exception parsing stream chunk|body is empty/i;

function isConnectionTrouble(error: unknown): error is Error {
  if (error instanceof BrokenAnswer) return true;
  if (!(error instanceof Error)) return false;
  const codes = [error, error.cause].map((at) => (at instanceof Error ? Reflect.get(at, 'code') : undefined));
  const named = codes.some(
    (code) => typeof code === 'string' && /^(E[A-Z]+|UND_ERR_(SOCKET|CONNECT|ABORTED).*)$/.test(code),
  );
  return named || brokenStream.test(error.message) || error instanceof SyntaxError;
}

export interface CallEnd {
  model: string;
  /** The caller's own signal has fired. */
  aborted: boolean;
  /** Which of our deadlines ran out, in words. */
  expired: string | null;
  /** What Google had counted until then. */
  usage: Usage | null;
  redact: Redact;
}

/** @returns what to throw in place of `error`; the original stands as its cause. Secrets are taken out of both. */
export function failureOf(error: unknown, { model, aborted, expired, usage, redact }: CallEnd): Error {
  if (ChatModelError.is(error)) return error;
  const cause = redactedError(error, redact);
  const counted = usage === null ? {} : { usage };
  if (aborted) return new ChatModelError('aborted', `The call to ${model} was cancelled.`, { cause, ...counted });
  if (expired !== null)
    return new ChatModelError('timeout', `The call to ${model} was given up: ${expired}.`, { cause, ...counted });
  if (error instanceof ApiError) {
    const { kind, status, words, wait } = fromApiError(error, model);
    return new ChatModelError(kind, redact(words), {
      status,
      cause,
      ...counted,
      ...(wait === null ? {} : { retryAfterMs: wait }),
    });
  }
  // A fault of our own must not pass for the provider's: it would be tried again for ever.
  if (!isConnectionTrouble(error)) return cause;
  return new ChatModelError('network', redact(`The connection to Gemini broke: ${causes(error).join(': ')}.`), {
    cause,
    ...counted,
  });
}
