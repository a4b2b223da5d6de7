/**
 * Finds Google's error in the text the SDK makes of it. It may be JSON, JSON in the `message` of JSON (where the content type
 * was not JSON), prefixed with `got status: X.` (in mid-stream), or no JSON at all (a gateway's HTML page).
 */
import * as z from 'zod';

const deepest = 6;
const longestPlainText = 500;

/** What we read of `google.rpc.Status` and its details: https://google.aip.dev/193. */
const ErrorDetail = z.looseObject({
  '@type': z.string().optional(),
  reason: z.string().optional(),
  retryDelay: z.string().optional(),
  violations: z.array(z.looseObject({ quotaId: z.string().optional(), quotaMetric: z.string().optional() })).optional(),
});
export type ErrorDetail = z.infer<typeof ErrorDetail>;

const RpcStatus = z.looseObject({
  code: z.number().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  details: z.array(ErrorDetail).optional().catch(undefined),
});

export interface GoogleError {
  code: number | null;
  /** Canonical name, e.g. `RESOURCE_EXHAUSTED`. */
  status: string | null;
  message: string;
  details: readonly ErrorDetail[];
}

/** The first JSON object or array in a text, whatever stands before it; undefined if there is none. */
function jsonIn(text: string): unknown {
  const start = text.search(/[{[]/);
  if (start === -1) return undefined;
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  try {
    return JSON.parse(text.slice(start, end + 1));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A page of HTML, or any other text, in one line. */
function plain(text: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1];
  const words = (title ?? text.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]+>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();
  return words.length > longestPlainText ? `${words.slice(0, longestPlainText)}…` : words;
}

/** @param text message of an `ApiError`, or of any other error */
export function googleErrorIn(text: string, depth = 0): GoogleError {
  const json = depth < deepest ? jsonIn(text) : undefined;
  const body: unknown = Array.isArray(json) ? json[0] : json;
  const status =
    typeof body === 'object' && body !== null ? RpcStatus.safeParse(Reflect.get(body, 'error') ?? body) : null;
  if (status?.success !== true || (status.data.message === undefined && status.data.status === undefined))
    return { code: null, status: null, message: plain(text), details: [] };
  const { code, message = '', details } = status.data;
  const name = status.data.status === undefined ? undefined : plain(status.data.status);
  const inner = googleErrorIn(message, depth + 1);
  return {
    code: inner.code ?? code ?? null,
    status: inner.status ?? (name === undefined || name === '' ? null : name),
    message: inner.message || (name ?? ''),
    details: inner.details.length > 0 ? inner.details : (details ?? []),
  };
}

/** A protobuf duration, e.g. `45.837906927s`, in milliseconds; null if it is none. */
function durationMs(text: string | undefined): number | null {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '')?.[1];
  return seconds === undefined ? null : Math.ceil(Number(seconds) * 1000);
}

/** When the provider wants us back, in milliseconds from now. Gemini sends no Retry-After header: the body alone says it. */
export function retryAfterMs({ details, message }: GoogleError): number | null {
  const said = details.map(({ retryDelay }) => durationMs(retryDelay)).find((ms) => ms !== null);
  if (said !== undefined) return said;
  const inWords = /retry in (\d+(?:\.\d+)?s)\b/i.exec(message)?.[1];
  return durationMs(inWords);
}
