/** The worker process behind a slot: its identity on disk, its launch, and its end. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { hasCode } from '../../protocol/thrown.ts';
import type { PoolTiming } from './contract.ts';
import { WorkerStartError } from './errors.ts';
import type { WorkerLauncher } from './launcher.ts';
import { readSlotRecord, removeSlotRecord, type SlotRecord, writeSlotRecord } from './slotRecord.ts';

/** From SIGKILL until the process counts as beyond reach. */
const killMs = 5000;

export interface TenancyOptions {
  index: number;
  stateDirectory: string;
  url: string;
  placement: SlotRecord['placement'];
  launcher: WorkerLauncher;
  timing: PoolTiming;
  log: Logger;
}

export class Tenancy {
  readonly #options: TenancyOptions;
  #record: SlotRecord | null = null;
  /** Whose place is no longer its own, whether or not its process can be ended. */
  #evicted: SlotRecord | null = null;
  /** Size of the log when the present worker was launched: what follows are its own words. */
  #logStart = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #saving: Promise<void> = Promise.resolve();

  constructor(options: TenancyOptions) {
    this.#options = options;
  }

  get record(): SlotRecord | null {
    return this.#record;
  }

  /** The worker that has the right to be here, null between one and the next. */
  get tenant(): SlotRecord | null {
    return this.#record === this.#evicted ? null : this.#record;
  }

  /** Folder of the present worker. */
  get directory(): string {
    return join(this.#options.stateDirectory, this.#record?.folder ?? '');
  }

  async read(): Promise<void> {
    this.#record = await readSlotRecord(this.#options.stateDirectory, this.#options.index);
  }

  /** False if its process has certainly ended; null if its process is not known. */
  isAlive(): boolean | null {
    const known = this.#record?.process ?? null;
    return known === null ? null : this.#options.launcher.isAlive(known);
  }

  /** Whether the worker of a previous server may still be there, can find us, and is what would be launched now. */
  isAdoptable(): boolean {
    const { url, placement } = this.#options;
    return (
      this.#record !== null &&
      this.isAlive() !== false &&
      this.#record.url === url &&
      isDeepStrictEqual(this.#record.placement, placement)
    );
  }

  /**
   * Launches a worker with a new secret. It gets the folder, and with it the journal, of its predecessor only if that
   * is certainly gone.
   */
  launch(predecessorGone: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const { index, url, placement, launcher, timing } = this.#options;
      const old = this.#record;
      const unique = randomBytes(6).toString('hex');
      const record: SlotRecord = {
        workerId: `slot-${index}-${unique}`,
        token: randomBytes(32).toString('base64url'),
        epoch: old?.epoch ?? 0,
        folder: predecessorGone ? (old?.folder ?? `slot-${index}`) : `slot-${index}-${unique}`,
        url,
        process: null,
        placement,
      };
      this.#record = record;
      await this.#save();
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      this.#logStart = await sizeOf(this.#logFile);
      record.process = await launcher.launch({
        workerId: record.workerId,
        token: record.token,
        slot: index,
        url,
        directory: this.directory,
        ...placement,
        graceMs: timing.graceMs,
        keepAliveMs: timing.keepAliveMs,
      });
      await this.#save();
    });
  }

  /** The next epoch, on disk before it is granted. `pid` identifies a worker whose launch was not recorded. */
  async grantEpoch(pid: number): Promise<number> {
    const record = this.#record;
    if (record === null) {
      throw new Error('no worker was launched here, none can be granted an epoch');
    }
    record.epoch += 1;
    const { epoch } = record;
    record.process ??= this.#options.launcher.identify(pid);
    await this.#save();
    return epoch;
  }

  /**
   * Takes the worker's place from it at once, and ends its process without asking.
   * @returns whether the process is certainly gone
   */
  evict(): Promise<boolean> {
    this.#evicted = this.#record;
    return this.#inTurn(async () => {
      if (this.#record === null) {
        return true;
      }
      const known = this.#record.process;
      return known !== null && (await this.#options.launcher.kill(known, killMs));
    });
  }

  /** Ends the worker for good: in good order first, by force at the deadline. The record goes, the log stays. */
  shutDown(ask: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const { launcher, timing, log, index } = this.#options;
      const known = this.#record?.process ?? null;
      if (known !== null && launcher.isAlive(known)) {
        await ask().catch((error: unknown) =>
          log.warn({ slot: index, err: error }, 'the worker did not hear the shutdown'),
        );
        const deadline = performance.now() + timing.shutdownMs;
        while (launcher.isAlive(known) && performance.now() < deadline) {
          await sleep(20);
        }
        if (launcher.isAlive(known)) {
          log.warn({ slot: index, pid: known.pid }, 'the worker did not shut down: it is killed');
          if (!(await launcher.kill(known, killMs))) {
            log.error({ slot: index, pid: known.pid }, 'the worker cannot be killed: a driver of this machine hangs');
            return;
          }
        }
      }
      this.#record = null;
      await this.#saving;
      await removeSlotRecord(this.#options.stateDirectory, index);
    });
  }

  /** Why the present worker did not start, with its own last words. */
  async startError(what: string, { ended }: { ended: boolean }): Promise<WorkerStartError> {
    const { words, isPlain } = await tail(this.#logFile, this.#logStart);
    return new WorkerStartError(this.#options.index, what, this.#logFile, words, ended && !isPlain);
  }

  get #logFile(): string {
    return join(this.directory, 'worker.log');
  }

  #save(): Promise<void> {
    const write = async () => {
      if (this.#record !== null) {
        await writeSlotRecord(this.#options.stateDirectory, this.#options.index, this.#record);
      }
    };
    const done = this.#saving.then(write);
    this.#saving = done.catch(() => undefined);
    return done;
  }

  /** Launch and end of a process never overlap. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return 0;
    }
    throw error;
  }
}

/** What was written after `start`, at most 4 KiB of it: plain words if there are any, else the last lines of the log. */
async function tail(file: string, start: number): Promise<{ words: string; isPlain: boolean }> {
  const size = await sizeOf(file);
  const from = Math.max(size < start ? 0 : start, size - 4096);
  if (size === from) {
    return { words: '', isPlain: false };
  }
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.alloc(size - from);
    await handle.read(bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8').trimEnd().split('\n');
    const plain = lines.filter((line) => !line.startsWith('{'));
    const isPlain = plain.length > 0;
    return { words: (isPlain ? plain : lines.slice(-5)).join('\n'), isPlain };
  } finally {
    await handle.close();
  }
}
