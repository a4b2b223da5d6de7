/**
 * An append-only file of JSON lines. `append` resolves when the line is on disk, so that what is announced afterwards survives
 * `kill -9` and power cuts (invariant 4). Lines of one turn of the event loop, and those that arrive while a write is under
 * way, go to the disk together.
 */

import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, truncate } from 'node:fs/promises';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { ZodType } from 'zod';
import { writeFailure } from './diskFull.ts';
import { readLines } from './lineReader.ts';

/** A line that is neither valid nor a torn last line: somebody edited the file, or the disk lied. */
export class CorruptLogError extends Error {
  override readonly name = 'CorruptLogError';
  readonly path: string;
  readonly line: number;
  constructor(path: string, line: number, why: string) {
    super(
      `${path}:${line} is not a line this version wrote (${why}). Restore the file from a copy, or remove that line and all after it.`,
    );
    this.path = path;
    this.line = line;
  }
}

interface Waiting {
  bytes: Buffer;
  done: () => void;
  failed: (error: unknown) => void;
}

/** A log that could be made again need not wait for the disk: `synced: false` leaves that to the operating system. */
export interface LogOptions {
  synced?: boolean;
}

/** Gets each entry of a log as it is read, and the byte at which its line begins. */
export type Visit<T> = (entry: T, offset: number) => void;

export class JsonlLog<T> {
  readonly path: string;
  readonly #schema: ZodType<T>;
  #handle: FileHandle | null;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  /** Bytes of the file once everything that waits is written. */
  #size: number;
  /** Set by a write that failed: the file may end in half a line, and nothing may come after that. */
  #broken: Error | null = null;

  private constructor(path: string, schema: ZodType<T>, handle: FileHandle, size: number) {
    this.path = path;
    this.#schema = schema;
    this.#handle = handle;
    this.#size = size;
  }

  /** Opens (or makes) the file, cuts off a torn last line, and returns what is in it. */
  static async open<T>(
    path: string,
    schema: ZodType<T>,
    options: LogOptions = {},
  ): Promise<{ log: JsonlLog<T>; entries: T[] }> {
    const entries: T[] = [];
    const log = await JsonlLog.openWith(path, schema, (entry) => entries.push(entry), options);
    return { log, entries };
  }

  /** As `open`, for logs that may be too long to be held in memory. */
  static async openWith<T>(
    path: string,
    schema: ZodType<T>,
    visit: Visit<T>,
    { synced = true }: LogOptions = {},
  ): Promise<JsonlLog<T>> {
    const { validBytes, totalBytes } = await visitEntries(path, schema, visit);
    if (validBytes < totalBytes) await truncate(path, validBytes);
    const { O_WRONLY, O_CREAT, O_APPEND, O_DSYNC } = constants;
    // A write is on disk when it returns: one way to the kernel instead of two, for a write and a sync.
    const flags = O_WRONLY | O_CREAT | O_APPEND | (synced ? O_DSYNC : 0);
    return new JsonlLog(path, schema, await open(path, flags, 0o600), validBytes);
  }

  /** Reads without opening for writing; a torn last line is left out. A missing file is an empty log. */
  static async read<T>(path: string, schema: ZodType<T>): Promise<T[]> {
    const entries: T[] = [];
    await visitEntries(path, schema, (entry) => entries.push(entry));
    return entries;
  }

  /** As `read`, for logs that may be too long to be held in memory. */
  static async readWith<T>(path: string, schema: ZodType<T>, visit: Visit<T>): Promise<void> {
    await visitEntries(path, schema, visit);
  }

  /** Where the line of the next `append` will begin. */
  get nextOffset(): number {
    return this.#size;
  }

  /**
   * Resolves when `entry` is on disk. Entries land in the order of the calls. After a write that failed every further one
   * fails, too: a line behind half a line could not be read again.
   */
  append(entry: T): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(this.#schema.parse(entry))}\n`);
    this.#size += bytes.length;
    return new Promise((done, failed) => {
      this.#waiting.push({ bytes, done, failed });
      this.#writing ??= this.#drain();
    });
  }

  /** Entries that are on disk, from the line that begins at `offset`; `keep` says when it is enough. */
  async readFrom(offset: number, keep: (entry: T) => boolean): Promise<void> {
    for await (const { text, isWhole } of readLines(this.path, offset))
      if (!isWhole || !keep(this.#schema.parse(JSON.parse(text)))) return;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = null;
  }

  async #drain(): Promise<void> {
    // Lines of one turn share a write; and this is never done before `append` has noted that it runs.
    await turnOfTheLoop();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#broken !== null) throw this.#broken;
        if (this.#handle === null) throw new Error(`${this.path} is closed`);
        await this.#handle.appendFile(Buffer.concat(batch.map((entry) => entry.bytes)));
        for (const entry of batch) entry.done();
      } catch (error) {
        const failure = writeFailure(this.path, error);
        this.#broken ??= failure instanceof Error ? failure : new Error(String(failure));
        for (const entry of batch) entry.failed(failure);
      }
    }
    this.#writing = null;
  }
}

async function visitEntries<T>(path: string, schema: ZodType<T>, visit: Visit<T>) {
  let validBytes = 0;
  let totalBytes = 0;
  let number = 0;
  for await (const line of readLines(path, 0)) {
    totalBytes = line.offset + line.bytes;
    // A last line without its newline was being written when the process died: it was never announced.
    if (!line.isWhole) break;
    number += 1;
    visit(parseLine(path, number, line.text, schema), line.offset);
    validBytes = totalBytes;
  }
  return { validBytes, totalBytes };
}

function parseLine<T>(path: string, line: number, text: string, schema: ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CorruptLogError(path, line, 'not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new CorruptLogError(path, line, parsed.error.issues[0]?.message ?? 'schema');
  return parsed.data;
}
