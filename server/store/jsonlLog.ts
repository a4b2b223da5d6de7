/**
 * An append-only file of JSON lines. `append` resolves when the line is on disk (fdatasync), so that what is announced
 * afterwards survives `kill -9` (invariant 4). Lines that arrive while a write is under way share the next sync.
 */

import type { FileHandle } from 'node:fs/promises';
import { open, readFile, truncate } from 'node:fs/promises';
import type { ZodType } from 'zod';

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
  line: string;
  done: () => void;
  failed: (error: unknown) => void;
}

export class JsonlLog<T> {
  readonly path: string;
  readonly #schema: ZodType<T>;
  #handle: FileHandle | null;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;

  private constructor(path: string, schema: ZodType<T>, handle: FileHandle) {
    this.path = path;
    this.#schema = schema;
    this.#handle = handle;
  }

  /** Opens (or makes) the file, cuts off a torn last line, and returns what is in it. */
  static async open<T>(path: string, schema: ZodType<T>): Promise<{ log: JsonlLog<T>; entries: T[] }> {
    const { entries, validBytes, totalBytes } = await readEntries(path, schema);
    if (validBytes < totalBytes) await truncate(path, validBytes);
    const handle = await open(path, 'a', 0o600);
    return { log: new JsonlLog(path, schema, handle), entries };
  }

  /** Reads without opening for writing; a torn last line is left out. A missing file is an empty log. */
  static async read<T>(path: string, schema: ZodType<T>): Promise<T[]> {
    return (await readEntries(path, schema)).entries;
  }

  /** Resolves when `entry` is on disk. Entries land in the order of the calls. */
  append(entry: T): Promise<void> {
    const line = `${JSON.stringify(this.#schema.parse(entry))}\n`;
    return new Promise((done, failed) => {
      this.#waiting.push({ line, done, failed });
      this.#writing ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = null;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#handle === null) throw new Error(`${this.path} is closed`);
        await this.#handle.appendFile(batch.map((entry) => entry.line).join(''));
        await this.#handle.datasync();
        for (const entry of batch) entry.done();
      } catch (error) {
        for (const entry of batch) entry.failed(error);
      }
    }
    this.#writing = null;
  }
}

async function readEntries<T>(path: string, schema: ZodType<T>) {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { entries: [], validBytes: 0, totalBytes: 0 };
    throw error;
  }
  const entries: T[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const end = bytes.indexOf(10, start);
    // A last line without its newline was being written when the process died: it was never announced.
    if (end < 0) break;
    const text = bytes.toString('utf8', start, end);
    entries.push(parseLine(path, line, text, schema));
    start = end + 1;
  }
  return { entries, validBytes: start, totalBytes: bytes.length };
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
