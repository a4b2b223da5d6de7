/** Failures of a call to an OpenAI-compatible server as `ChatModelError`, told apart by what can be done about them. */
import type { Usage } from '../../../protocol/trajectory.ts';
import { ChatModelError, type ChatModelErrorKind } from '../chatModel.ts';
import { type Redact, redactedError } from '../redaction.ts';
import { errorInText, type ServerError } from './errorBody.ts';
import { retryAfterMs } from './retryAfter.ts';

/** A wait longer than this is no rate limit any more: the quota is used up. */
const longestRateLimitMs = 300_000;

const overflow =
  /maximum context length|context length is only|maximum model length|available context size|exceeds the (model'?s )?context|context[_ ](length|window|size)|prompt is too long|input is too long|input length exceeds|too many tokens|max_tokens must be at least 1/i;
const usedUp =
  /insufficient_quota|billing_hard_limit|exceeded your current quota|per day|\bRPD\b|\bTPD\b|out of credits/i;
const badKey = /invalid[_ ]api[_ ]key|incorrect api key|api key.{0,20}(invalid|required|missing)/i;
/** What needs other start-up flags of the server; some servers say it with a 500. */
const needsFlags = /--jinja|--enable-auto-tool-choice|--tool-call-parser|does not support tools|no user query found/i;

/** An answer that is no success. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  constructor(status: number, headers: Headers, body: string) {
    super(`HTTP ${status}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** An error that came in the stream itself, after a success had been announced. */
export class StreamedFailure extends Error {
  override readonly name = 'StreamedFailure';
  readonly error: ServerError;
  constructor(error: ServerError) {
    super(error.message);
    this.error = error;
  }
}

/** The connection ended in the middle of an answer, or what came is no answer at all. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';
}

export function kindOf(
  status: number,
  { message, type, code }: ServerError,
  waitMs: number | null,
): ChatModelErrorKind {
  const words = `${type ?? ''} ${code ?? ''} ${message}`;
  if (needsFlags.test(words)) return 'bad_request';
  if (status === 413 || overflow.test(words)) return 'context_overflow';
  if (badKey.test(words) || status === 401 || status === 403) return 'auth';
  if (status === 402) return 'quota_exhausted';
  if (status === 429 || /rate_limit/i.test(words))
    return usedUp.test(words) || (waitMs !== null && waitMs > longestRateLimitMs) ? 'quota_exhausted' : 'rate_limit';
  if (status === 408 || status === 504) return 'timeout';
  if (status >= 500 || status === 425 || status === 499) return 'overloaded';
  return 'bad_request';
}

function adviceFor(kind: ChatModelErrorKind, status: number, words: string): string {
  if (/--jinja/.test(words)) return ' Start llama.cpp with --jinja, so that the model can call tools.';
  if (/--enable-auto-tool-choice|--tool-call-parser/.test(words))
    return " Start vLLM with --enable-auto-tool-choice and the model's --tool-call-parser.";
  if (/does not support tools/.test(words)) return ' Choose a model that can call tools.';
  if (kind === 'auth') return ' Check the key in OPENAI_API_KEY, and that it may use this model.';
  if (kind === 'quota_exhausted') return ' Wait until the quota is renewed, raise it, or use another key or model.';
  if (status === 404) return ' Check the name of the model after `openai:`, and the URL after `@`.';
  return '';
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

function isConnectionTrouble(error: unknown): error is Error {
  if (error instanceof BrokenAnswer || (error instanceof Error && error.name === 'TimeoutError')) return true;
  if (!(error instanceof Error)) return false;
  const codes = [error, error.cause].map((at) => (at instanceof Error ? Reflect.get(at, 'code') : undefined));
  const isNamed = codes.some(
    (code) => typeof code === 'string' && /^(E[A-Z]+|UND_ERR_(SOCKET|CONNECT|ABORTED|RES_CONTENT).*)$/.test(code),
  );
  return isNamed || /fetch failed|terminated/i.test(error.message);
}

export interface CallEnd {
  model: string;
  /** Host and port of the server, for messages. */
  server: string;
  /** The caller's own signal has fired. */
  aborted: boolean;
  /** Which of our deadlines ran out, in words. */
  expired: string | null;
  /** What the server had counted until then. */
  usage: Usage | null;
  redact: Redact;
}

/** @returns what to throw in place of `error`; the original stands as its cause. Secrets are taken out of both. */
export function failureOf(error: unknown, { model, server, aborted, expired, usage, redact }: CallEnd): Error {
  if (ChatModelError.is(error)) return error;
  const cause = redactedError(error, redact);
  const counted = usage === null ? {} : { usage };
  if (aborted) return new ChatModelError('aborted', `The call to ${model} was cancelled.`, { cause, ...counted });
  if (expired !== null)
    return new ChatModelError('timeout', `The call to ${model} at ${server} was given up: ${expired}.`, {
      cause,
      ...counted,
    });
  if (error instanceof HttpFailure) {
    const said = errorInText(error.body);
    const wait = retryAfterMs(error.headers, said.message, Date.now());
    return refusal(error.status, said, wait);
  }
  if (error instanceof StreamedFailure) {
    const code = Number(error.error.code);
    const status = Number.isInteger(code) && code >= 400 && code < 600 ? code : 500;
    return refusal(status, error.error, retryAfterMs(new Headers(), error.error.message, Date.now()));
  }
  if (error instanceof Error && causes(error).some((words) => /unexpected redirect/i.test(words)))
    return new ChatModelError(
      'bad_request',
      redact(`${server} sends calls elsewhere (a redirect). Give the final URL.`),
      {
        cause,
      },
    );
  // A fault of our own must not pass for the server's: it would be tried again for ever.
  if (!isConnectionTrouble(error)) return cause;
  const why = causes(error).join(': ');
  const isClosed = /\b(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)\b/.test(why);
  const words = redact(
    isClosed
      ? `Nothing answers at ${server}: is the server started, and is the URL right? (${why})`
      : `The connection to ${server} broke: ${why}.`,
  );
  return new ChatModelError('network', words, { cause, ...counted });

  function refusal(status: number, said: ServerError, wait: number | null): ChatModelError {
    const kind = kindOf(status, said, wait);
    const words = `${said.message || 'no more words'}`;
    const message = `${server} refused a call to ${model} (${status}): ${words}${adviceFor(kind, status, words)}`;
    return new ChatModelError(kind, redact(message), {
      status,
      cause,
      ...counted,
      ...(wait === null ? {} : { retryAfterMs: wait }),
    });
  }
}
