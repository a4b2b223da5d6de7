/**
 * Raw exchanges with a provider, on disk: one JSON line for each, and one for each piece of a request that is new, so that a
 * conversation of a hundred steps is not stored a hundred times. Answers and texts are redacted before they are written; keys
 * and headers of requests never come here.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { JsonlLog } from '../../store/jsonlLog.ts';
import type { Caller } from '../chatModel.ts';

export const RecordedAnswer = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  /** As it came; base64 where it is not UTF-8. */
  body: z.string(),
  isBase64: z.boolean().optional(),
  /** How the connection broke after these bytes, in words; null: it ended well. */
  broken: z.string().nullable(),
});
export type RecordedAnswer = z.infer<typeof RecordedAnswer>;

export const Exchange = z.object({
  type: z.literal('exchange'),
  /** What asked: agent, step, purpose and attempt, or the request's own method and path. */
  key: z.string(),
  /** The process that recorded it, counted from 1: one that resumes a run answers anew what was cut off. */
  session: z.int().positive(),
  hash: z.string(),
  /** Names and hashes of the request's pieces, in order. */
  parts: z.array(z.tuple([z.string(), z.string()])),
  /** null: the request never got an answer; `failure` says why. */
  answer: RecordedAnswer.nullable(),
  failure: z.string().nullable(),
});
export type Exchange = z.infer<typeof Exchange>;

const Line = z.discriminatedUnion('type', [
  Exchange,
  z.object({ type: z.literal('part'), hash: z.string(), text: z.string() }),
]);
type Line = z.infer<typeof Line>;

export const exchangesFile = (folder: string) => join(folder, 'exchanges.jsonl');

/** @returns a name that is the same whenever the same trajectory asks for the same thing */
export function exchangeKey(caller: Caller | null, request: { method: string; path: string }): string {
  if (caller === null) return `${request.method} ${request.path}`;
  return `${caller.agent} step ${caller.step} ${caller.purpose} attempt ${caller.attempt}`;
}

/** Appends to a folder's exchanges. Each is on disk before its answer ends for the one who asked. */
export class CassetteWriter {
  readonly #log: JsonlLog<Line>;
  readonly #known: Set<string>;
  readonly #session: number;

  private constructor(log: JsonlLog<Line>, known: Set<string>, session: number) {
    this.#log = log;
    this.#known = known;
    this.#session = session;
  }

  static async open(folder: string): Promise<CassetteWriter> {
    const { log, entries } = await JsonlLog.open(exchangesFile(folder), Line);
    const known = new Set(entries.flatMap((line) => (line.type === 'part' ? [line.hash] : [])));
    const last = Math.max(0, ...entries.map((line) => (line.type === 'exchange' ? line.session : 0)));
    return new CassetteWriter(log, known, last + 1);
  }

  async add(exchange: Omit<Exchange, 'type' | 'session'>, texts: ReadonlyMap<string, string>): Promise<void> {
    const writes = [...texts].flatMap(([hash, text]) => {
      if (this.#known.has(hash)) return [];
      this.#known.add(hash);
      return [this.#log.append({ type: 'part', hash, text })];
    });
    await Promise.all([...writes, this.#log.append({ ...exchange, type: 'exchange', session: this.#session })]);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

/** Exchanges by key, in the order in which they took place; and the pieces of their requests. */
export interface Cassette {
  exchanges: ReadonlyMap<string, Exchange[]>;
  texts: ReadonlyMap<string, string>;
}

/** @throws {CorruptLogError} if the file was changed by hand */
export async function readCassette(folder: string): Promise<Cassette> {
  const exchanges = new Map<string, Exchange[]>();
  const texts = new Map<string, string>();
  for (const line of await JsonlLog.read(exchangesFile(folder), Line)) {
    if (line.type === 'part') {
      texts.set(line.hash, line.text);
      continue;
    }
    const earlier = exchanges.get(line.key) ?? [];
    // What a killed process was told went with it: the last process to ask is the one whose answer counts.
    exchanges.set(line.key, [...earlier.filter(({ session }) => session === line.session), line]);
  }
  return { exchanges, texts };
}
