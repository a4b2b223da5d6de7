/**
 * Two requests are the same if they say the same: keys in any order, and without what changes from one run to the next though
 * nothing else did: moments, durations, addresses, folders of this machine; and how long the answer may be, which follows from
 * how long those are, and from money. Pure.
 */
import { createHash } from 'node:crypto';

/** A piece of a request that can be told apart from the others when two requests differ. */
export interface RequestPart {
  /** Where it stands, e.g. `contents[3]`. */
  name: string;
  hash: string;
  text: string;
}

export interface CanonicalRequest {
  hash: string;
  parts: RequestPart[];
}

/** @param folders paths of this machine that may show in texts @param body as sent: JSON, or any text */
export function canonicalRequest(
  { method, path, body }: { method: string; path: string; body: string },
  folders: readonly string[],
): CanonicalRequest {
  const parts: RequestPart[] = [part('method and path', `${method} ${path}`)];
  const json = parsed(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    if (body !== '') parts.push(part('body', normalised(body, folders)));
  } else
    for (const [key, value] of Object.entries(withoutLimits(json)).sort(byKey)) {
      const pieces: [string, unknown][] = Array.isArray(value)
        ? value.map((item, index) => [`${key}[${index}]`, item])
        : [[key, value]];
      for (const [name, piece] of pieces) parts.push(part(name, JSON.stringify(canonical(piece, folders))));
    }
  return { hash: digest(JSON.stringify(parts.map(({ name, hash }) => [name, hash]))), parts };
}

/** The longest answer, as providers are told of it: Gemini's and Ollama's stand one level down. */
const limitNames = ['max_tokens', 'max_completion_tokens', 'maxOutputTokens', 'num_predict'];
const innerObjects = ['generationConfig', 'options'];

function withoutLimits(body: object): object {
  const entries: [string, unknown][] = Object.entries(body);
  const kept = entries.filter(([key]) => !limitNames.includes(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      const isInner = innerObjects.includes(key) && typeof value === 'object' && value !== null;
      return [key, isInner ? withoutLimits(value) : value];
    }),
  );
}

function part(name: string, text: string): RequestPart {
  return { name, hash: digest(text), text };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function canonical(value: unknown, folders: readonly string[]): unknown {
  if (typeof value === 'string') return normalised(value, folders);
  if (Array.isArray(value)) return value.map((item) => canonical(item, folders));
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value);
  return Object.fromEntries(entries.sort(byKey).map(([key, inner]) => [key, canonical(inner, folders)]));
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const units = 'ns|µs|us|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?';

/** Applied in this order. */
const volatile: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?(?:Z\b|[+-]\d\d:?\d\d))?/g, '<moment>'],
  // As `date` and `ls -l` write it.
  [
    new RegExp(
      `\\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:${months})\\s+\\d{1,2}\\s+(?:\\d{4}|\\d\\d:\\d\\d(?::\\d\\d)?)(?: [A-Z]{3,4})?(?: \\d{4})?`,
      'g',
    ),
    '<moment>',
  ],
  [/\b\d{1,2}:\d\d:\d\d(?:\.\d+)?\b/g, '<clock>'],
  // Not the slice of an array.
  [/(?<![\w[:.,])\d{1,2}:\d\d(?![\w\]:.])/g, '<clock>'],
  // Seconds since the epoch, in this half of the century.
  [/\b[12]\d{9}(?:\.\d+)?\b/g, '<moment>'],
  [new RegExp(`(?<![\\w.])\\d+(?:\\.\\d+)?(?:e-?\\d+)?\\s?(?:${units})\\b`, 'g'), '<duration>'],
  [/\b0x[0-9a-f]{6,}\b/gi, '<address>'],
  [/\bpid[ =:]*\d+|\[\d+\] \d{2,}\b/gi, '<process>'],
  [/\/tmp\/[\w./-]+/g, '<temporary>'],
];

export function normalised(text: string, folders: readonly string[]): string {
  let result = text;
  for (const folder of [...folders].sort((a, b) => b.length - a.length))
    if (folder.length > 1) result = result.replaceAll(folder, '<folder>');
  for (const [pattern, replacement] of volatile) result = result.replace(pattern, replacement);
  return result;
}
