/** All runs of a home as they can be looked at: those that are hosted here from memory, all others from their files. */
import { open, stat } from 'node:fs/promises';
import * as z from 'zod';
import type { RunView } from '../../protocol/projection.ts';
import { type RunEvent, type RunId, RunSummary } from '../../protocol/run.ts';
import { Listeners, type Subscription } from '../../protocol/subscription.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { DocumentError, readDocument } from '../store/document.ts';
import { type RunPaths, runDirectory, runPaths } from '../store/home.ts';
import { lockHolder } from '../store/processLock.ts';
import { listRunIds, RunNotFoundError, type RunStore } from '../store/runStore.ts';
import { StoredRun } from './storedRun.ts';

/** A run to read from, as of a moment ago. */
export interface RunSource {
  readonly id: RunId;
  readonly paths: RunPaths;
  readonly view: RunView;
  /** Somebody hosts it. */
  readonly isLive: boolean;
  /** A copy, a run that nobody hosts told as interrupted. */
  summary(): RunSummary;
  events(sinceSeq: number, limit: number): Promise<RunEvent[]>;
}

interface Growth {
  listeners: Listeners<void>;
  count: number;
  timer: NodeJS.Timeout | null;
}

/** Runs of others that are kept in memory; followed ones come on top. */
const maxKept = 8;
const lookEveryMs = 250;

const StoredSummary = RunSummary.extend({ seq: z.int() });

export class RunCatalog {
  readonly #home: string;
  readonly #hosted: (id: RunId) => RunStore | null;
  readonly #stored = new Map<RunId, StoredRun>();
  readonly #cold = new Map<RunId, { mark: string; summary: RunSummary }>();
  readonly #growth = new Map<RunId, Growth>();

  /** @param hosted the store of a run that this process hosts */
  constructor(home: string, hosted: (id: RunId) => RunStore | null) {
    this.#home = home;
    this.#hosted = hosted;
  }

  ids(): Promise<RunId[]> {
    return listRunIds(this.#home);
  }

  /** @throws {RunNotFoundError} */
  async require(id: RunId): Promise<RunPaths> {
    const paths = runPaths(runDirectory(this.#home, id));
    try {
      await stat(paths.events);
    } catch {
      throw new RunNotFoundError(id, await this.ids());
    }
    return paths;
  }

  /** @throws {RunNotFoundError} {CorruptLogError} */
  async open(id: RunId): Promise<RunSource> {
    const store = this.#hosted(id);
    if (store !== null) return hostedSource(store);
    const stored = this.#storedRun(id);
    try {
      await stored.refresh();
    } catch (error) {
      this.#stored.delete(id);
      throw error instanceof RunNotFoundError ? new RunNotFoundError(id, await this.ids()) : error;
    }
    return stored;
  }

  /** Cheap for runs that have ended: their summary is on disk. @throws {RunNotFoundError} {CorruptLogError} */
  async summary(id: RunId): Promise<RunSummary> {
    const store = this.#hosted(id);
    if (store !== null) return structuredClone(store.view.summary);
    const paths = await this.require(id);
    if ((await lockHolder(paths.lock)) !== null) return (await this.open(id)).summary();
    const { size, mtimeMs } = await stat(paths.events);
    const mark = `${size} ${mtimeMs}`;
    const known = this.#cold.get(id);
    if (known?.mark === mark) return structuredClone(known.summary);
    const summary = (await summaryOnDisk(paths)) ?? (await this.open(id)).summary();
    if (summary.state !== 'finished') summary.state = 'interrupted';
    this.#cold.set(id, { mark, summary });
    return structuredClone(summary);
  }

  async list(): Promise<{ runs: RunSummary[]; problems: { run: string; problem: string }[] }> {
    const runs: RunSummary[] = [];
    const problems: { run: string; problem: string }[] = [];
    for (const run of await this.ids()) {
      try {
        runs.push(await this.summary(run));
      } catch (error) {
        if (error instanceof RunNotFoundError) continue;
        problems.push({ run, problem: messageOf(error) });
      }
    }
    return { runs, problems };
  }

  /** Forgets what it knows of a run that is gone, or is hosted here from now on. */
  forget(id: RunId): void {
    this.#stored.delete(id);
    this.#cold.delete(id);
    this.grown(id);
  }

  /** The run has new events, or another host. */
  grown(id: RunId): void {
    this.#growth.get(id)?.listeners.tell();
  }

  /** Calls back whenever there may be more of a run to read. */
  onGrowth(id: RunId, listener: () => void): Subscription {
    let growth = this.#growth.get(id);
    if (growth === undefined) {
      growth = { listeners: new Listeners(), count: 0, timer: null };
      this.#growth.set(id, growth);
      growth.timer = setInterval(this.#watcher(id, growth), lookEveryMs);
      growth.timer.unref();
    }
    const here = growth;
    here.count += 1;
    const subscription = here.listeners.add(listener);
    let isOver = false;
    return {
      dispose: () => {
        if (isOver) return;
        isOver = true;
        subscription.dispose();
        here.count -= 1;
        if (here.count > 0) return;
        if (here.timer !== null) clearInterval(here.timer);
        this.#growth.delete(id);
      },
    };
  }

  /** Looks whether a run of others has grown; of our own we are told. */
  #watcher(id: RunId, growth: Growth): () => void {
    const paths = runPaths(runDirectory(this.#home, id));
    let before = '';
    let isLooking = false;
    const look = async () => {
      const { size, mtimeMs } = await stat(paths.events).catch(() => ({ size: -1, mtimeMs: 0 }));
      const now = `${size} ${mtimeMs}`;
      if (now !== before) growth.listeners.tell();
      before = now;
    };
    return () => {
      if (isLooking || this.#hosted(id) !== null) return;
      isLooking = true;
      void look().finally(() => {
        isLooking = false;
      });
    };
  }

  #storedRun(id: RunId): StoredRun {
    const run = this.#stored.get(id) ?? new StoredRun(this.#home, id);
    // Used last, dropped last.
    this.#stored.delete(id);
    this.#stored.set(id, run);
    let toDrop = this.#stored.size - maxKept;
    for (const other of this.#stored.keys()) {
      if (toDrop <= 0) break;
      if (other === id || this.#growth.has(other)) continue;
      this.#stored.delete(other);
      toDrop -= 1;
    }
    return run;
  }
}

function hostedSource(store: RunStore): RunSource {
  return {
    id: store.id,
    paths: store.paths,
    view: store.view,
    isLive: true,
    summary: () => structuredClone(store.view.summary),
    events: (sinceSeq, limit) => store.events(sinceSeq, limit),
  };
}

/** What `run.json` says, if that is all there is to say; null if events came after it, or another version wrote it. */
async function summaryOnDisk(paths: RunPaths): Promise<RunSummary | null> {
  try {
    const document = await readDocument(paths.document, StoredSummary);
    if (document === null) return null;
    const { seq, ...summary } = document;
    return seq === (await lastSeq(paths.events)) ? summary : null;
  } catch (error) {
    if (error instanceof DocumentError) return null;
    throw error;
  }
}

const tailBytes = 64 * 1024;
const longestTailBytes = 16 * 1024 * 1024;
const newline = 10;

/** The number of the last whole event of a log; null if that cannot be told from its end. */
async function lastSeq(path: string): Promise<number | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let length = tailBytes; length <= longestTailBytes; length *= 16) {
      const from = Math.max(0, size - length);
      const bytes = Buffer.alloc(size - from);
      await file.read(bytes, 0, bytes.length, from);
      const end = bytes.lastIndexOf(newline);
      const start = end < 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
      if (start >= 0 || (from === 0 && end >= 0)) return seqOf(bytes.toString('utf8', start + 1, end));
      if (from === 0) return null;
    }
    return null;
  } finally {
    await file.close();
  }
}

function seqOf(line: string): number | null {
  const seq = /^\{"seq":(\d+),/.exec(line)?.[1];
  return seq === undefined ? null : Number(seq);
}
