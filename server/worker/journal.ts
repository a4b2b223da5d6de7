/**
 * Results that the server has not acknowledged, on disk. A result is in the file before it is sent, and leaves when the server
 * has taken it: it survives the worker and the server. That of an evaluation outlives a power cut, too; but nobody waits for
 * the device, since the server announces nothing that is not on a device of its own, and what neither has is evaluated again.
 * What was done in a session means nothing beside the session's sandbox, which no power cut leaves alive. Append-only lines
 * with a checksum each, compacted as they die, so that the file is bounded by what is alive. Results stay on disk and are read
 * back when they are sent.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { messageOf } from '../../protocol/thrown.ts';
import { ExecutionResult } from '../../protocol/worker.ts';
import { isDiskFull, syncFolder } from '../disk.ts';

const Entry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('finished'),
    execId: z.string(),
    session: z.string().nullable(),
    result: ExecutionResult,
  }),
  z.object({ type: z.literal('settled'), execId: z.string() }),
]);
type Entry = z.infer<typeof Entry>;

export interface JournalOptions {
  directory: string;
  /** Unacknowledged results beyond this are refused, in bytes. */
  maxLiveBytes?: number;
  /** The file is rewritten when more than this many bytes of it are dead, and more than are alive. */
  compactAtBytes?: number;
}

/** The result could not be put into the file: it must not be sent. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

interface Place {
  offset: number;
  length: number;
  session: string | null;
}

export class Journal {
  /** Damaged lines found when it was opened: at most the last one after a crash, unless the disk is at fault. */
  readonly damagedLines: number;
  readonly #path: string;
  readonly #options: Required<JournalOptions>;
  readonly #live: Map<string, Place>;
  #file: FileHandle;
  #size: number;
  #liveBytes: number;
  /** Set when the file may end in half a line that could not be cut off again, or its disk is at fault: why. */
  #broken: JournalError | null = null;
  #turn: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, path: string, options: Required<JournalOptions>, found: Contents) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
    this.#live = found.live;
    this.#size = found.goodBytes;
    this.#liveBytes = sum(found.live);
    this.damagedLines = found.damagedLines;
  }

  /** Opens or makes `<directory>/journal`, and cuts off a line that a crash has torn. */
  static async open(options: JournalOptions): Promise<Journal> {
    const full = { maxLiveBytes: 1024 ** 3, compactAtBytes: 8 * 1024 ** 2, ...options };
    const path = join(options.directory, 'journal');
    await rm(`${path}.new`, { force: true });
    const file = await open(path, 'a+', 0o600);
    const found = await readContents(file);
    await file.truncate(found.goodBytes);
    return new Journal(file, path, full, found);
  }

  /** Ids of unacknowledged results, oldest first. */
  ids(): string[] {
    return [...this.#live.keys()];
  }

  has(execId: string): boolean {
    return this.#live.has(execId);
  }

  /** Ids of the unacknowledged results of one session, or of all sessions: evaluations have none. */
  ofSession(session?: string): string[] {
    return [...this.#live]
      .filter(([, place]) => (session === undefined ? place.session !== null : place.session === session))
      .map(([execId]) => execId);
  }

  /**
   * Resolves when the result is in the file.
   * @throws JournalError it is not (disk full, too many unacknowledged results).
   */
  finish(execId: string, session: string | null, result: ExecutionResult): Promise<void> {
    return this.#inTurn(async () => {
      const line = encode({ type: 'finished', execId, session, result });
      if (this.#liveBytes + line.length > this.#options.maxLiveBytes) {
        throw new JournalError(
          `unacknowledged results already take ${this.#liveBytes} of ${this.#options.maxLiveBytes} bytes`,
        );
      }
      const offset = await this.#append(line);
      this.#live.set(execId, { offset, length: line.length, session });
      this.#liveBytes += line.length;
      if (session === null) {
        void this.#sync();
      }
    });
  }

  /** Drops results. Unknown ids are fine. */
  settle(execIds: string[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const execId of execIds) {
        const place = this.#live.get(execId);
        if (place === undefined) {
          continue;
        }
        this.#liveBytes -= place.length;
        this.#live.delete(execId);
        // Not synced: lost in a crash, it costs one more delivery, which the server recognises.
        await this.#append(encode({ type: 'settled', execId })).catch((error: unknown) => {
          if (!(error instanceof JournalError)) {
            throw error;
          }
        });
      }
      const deadBytes = this.#size - this.#liveBytes;
      if (deadBytes > this.#options.compactAtBytes && deadBytes > this.#liveBytes) {
        await this.#compact();
      }
    });
  }

  /** The result, read back from disk; null if it is not here. */
  read(execId: string): Promise<ExecutionResult | null> {
    return this.#inTurn(async () => {
      const place = this.#live.get(execId);
      if (place === undefined) {
        return null;
      }
      const line = Buffer.alloc(place.length);
      await this.#file.read(line, 0, place.length, place.offset);
      const entry = decode(line.subarray(0, -1));
      if (entry?.type !== 'finished') {
        throw new JournalError(`the journal entry of ${execId} is damaged on disk`);
      }
      return entry.result;
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#file.close());
  }

  /** After a failed sync the kernel may have dropped the pages: nothing written since can be believed, and nothing more is. */
  async #sync(): Promise<void> {
    await this.#file.datasync().catch((cause: unknown) => {
      this.#broken = new JournalError(`fsync failed: ${messageOf(cause)}`, { cause });
    });
  }

  async #append(line: Buffer): Promise<number> {
    if (this.#broken !== null) {
      throw this.#broken;
    }
    const offset = this.#size;
    try {
      await this.#file.appendFile(line);
    } catch (error) {
      await this.#file.truncate(offset).catch((cause: unknown) => {
        this.#broken = new JournalError(`half a line could not be cut off: ${messageOf(cause)}`, { cause });
      });
      throw new JournalError(`cannot write the journal: ${messageOf(error)}`, { cause: error });
    }
    this.#size += line.length;
    return offset;
  }

  /** Copies what is alive to a new file and puts that in the old one's place. On failure the old one stays. */
  async #compact(): Promise<void> {
    const target = await open(`${this.#path}.new`, 'ax+', 0o600);
    const places = new Map<string, Place>();
    let size = 0;
    try {
      for (const [execId, place] of this.#live) {
        const line = Buffer.alloc(place.length);
        await this.#file.read(line, 0, place.length, place.offset);
        await target.appendFile(line);
        places.set(execId, { ...place, offset: size });
        size += line.length;
      }
      await target.sync();
      await rename(`${this.#path}.new`, this.#path);
      await syncFolder(this.#options.directory);
    } catch (error) {
      await target.close();
      await rm(`${this.#path}.new`, { force: true });
      if (isDiskFull(error)) {
        return; // The old file is intact; the next settle tries again.
      }
      throw error;
    }
    await this.#file.close();
    this.#file = target;
    this.#size = size;
    for (const [execId, place] of places) {
      this.#live.set(execId, place);
    }
  }

  /** One operation at a time: offsets stay true, and a line is never written into another. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}

interface Contents {
  live: Map<string, Place>;
  goodBytes: number;
  damagedLines: number;
}

/** Reads line by line: a file of many large results must not be in memory at once. */
async function readContents(file: FileHandle): Promise<Contents> {
  const found: Contents = { live: new Map(), goodBytes: 0, damagedLines: 0 };
  const { size } = await file.stat();
  let rest = Buffer.alloc(0);
  let position = 0;
  while (position < size) {
    const chunk = Buffer.alloc(Math.min(1024 * 1024, size - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) {
      break;
    }
    position += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      take(found, rest.subarray(0, end), position - rest.length);
      rest = rest.subarray(end + 1);
      found.goodBytes = position - rest.length;
    }
  }
  found.damagedLines += rest.length > 0 ? 1 : 0;
  return found;
}

function take(found: Contents, line: Buffer, offset: number): void {
  const entry = decode(line);
  if (entry === null) {
    found.damagedLines += 1;
  } else if (entry.type === 'finished') {
    const { execId, session } = entry;
    found.live.set(execId, { offset, length: line.length + 1, session });
  } else {
    found.live.delete(entry.execId);
  }
}

function encode(entry: Entry): Buffer {
  const json = JSON.stringify(entry);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json}\n`);
}

function decode(line: Buffer): Entry | null {
  const json = line.subarray(9).toString('utf8');
  if (line.subarray(0, 8).toString('latin1') !== crc32(json).toString(16).padStart(8, '0')) {
    return null;
  }
  const entry = Entry.safeParse(JSON.parse(json));
  return entry.success ? entry.data : null;
}

function sum(live: Map<string, Place>): number {
  let bytes = 0;
  for (const place of live.values()) {
    bytes += place.length;
  }
  return bytes;
}
