/**
 * One run on disk and in memory. The event log is the truth; `run.json` and `candidates/<n>.json` are what it means,
 * written behind it for people and tools, and made again from it when they are behind (after `kill -9`). Of the events
 * only the latest stay in memory.
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { applyEvent, openRunView, type RunView } from '../../protocol/projection.ts';
import { type CandidateId, type NewRun, RunEvent, type RunEventBody, RunId } from '../../protocol/run.ts';
import { hasCode } from '../../protocol/thrown.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { EventPages } from './eventPages.ts';
import { type RunPaths, runDirectory, runPaths, runsDirectory } from './home.ts';
import { JsonlLog } from './jsonlLog.ts';
import { lockHolder, takeLock } from './processLock.ts';
import { readProgramFolder, writeProgramFolder } from './programFolder.ts';
import { RecentPrograms } from './recentPrograms.ts';
import { candidatesOf, RunDocuments } from './runDocuments.ts';

export class RunNotFoundError extends Error {
  override readonly name = 'RunNotFoundError';
  constructor(id: string, known: string[]) {
    const hint = known.length === 0 ? 'There are no runs yet.' : `Known runs: ${known.slice(-8).join(', ')}.`;
    super(`There is no run "${id}". ${hint} \`aira2 runs list\` shows all.`);
  }
}

export type RunListener = (event: RunEvent) => void;

export class RunStore {
  readonly id: RunId;
  readonly paths: RunPaths;
  readonly view: RunView;
  readonly #log: JsonlLog<RunEvent>;
  readonly #unlock: () => Promise<void>;
  readonly #pages: EventPages;
  readonly #documents: RunDocuments;
  readonly #listeners = new Set<RunListener>();
  readonly #programs = new RecentPrograms();
  #nextSeq: number;
  #closed: Promise<void> | null = null;
  #tail: Promise<void> = Promise.resolve();
  #now: () => number;

  private constructor(
    id: RunId,
    paths: RunPaths,
    { view, log, pages }: { view: RunView; log: JsonlLog<RunEvent>; pages: EventPages },
    unlock: () => Promise<void>,
    now: () => number,
  ) {
    this.id = id;
    this.paths = paths;
    this.view = view;
    this.#log = log;
    this.#pages = pages;
    this.#documents = new RunDocuments(paths, view);
    this.#unlock = unlock;
    this.#now = now;
    this.#nextSeq = view.lastSeq + 1;
  }

  /** Makes a new run. Nothing is left behind if it fails. */
  static async create(home: string, id: string, start: NewRun, now: () => number = Date.now): Promise<RunStore> {
    const { directory } = runPaths(runDirectory(home, RunId.parse(id)));
    await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
    // Laid down aside, and there only with its first event: no crash leaves a run that cannot be read.
    const aside = runPaths(await mkdtemp(join(dirname(directory), '.creating-')));
    try {
      await mkdir(aside.candidates, { mode: 0o700 });
      const { log } = await JsonlLog.open(aside.events, RunEvent);
      await log.append({ seq: 1, at: now(), body: RunEvent.shape.body.parse(start) });
      await log.close();
      await rename(aside.directory, directory);
    } finally {
      await rm(aside.directory, { recursive: true, force: true });
    }
    return RunStore.open(home, id, now);
  }

  /** Opens an existing run for writing; only one process can. @throws {RunNotFoundError} {LockedError} {CorruptLogError} */
  static async open(home: string, id: string, now: () => number = Date.now): Promise<RunStore> {
    const paths = await existing(home, id);
    const unlock = await takeLock(paths.lock);
    try {
      const writtenThrough = await RunDocuments.writtenThrough(paths);
      const behind = new Set<CandidateId>();
      const pages = new EventPages();
      const folded = new FoldedRun(id);
      const log = await JsonlLog.openWith(paths.events, RunEvent, (event, offset) => {
        folded.add(event);
        pages.add(event, offset);
        if (event.seq > writtenThrough) for (const candidate of candidatesOf(event.body)) behind.add(candidate);
      });
      const { view } = folded;
      const store = new RunStore(view.summary.id, paths, { view, log, pages }, unlock, now);
      await store.#documents.repair(behind);
      return store;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Takes the times of events from this clock from now on: milliseconds since the epoch. */
  dateBy(now: () => number): void {
    this.#now = now;
  }

  /** Appends to the log; resolves when the event is on disk and part of the view. Listeners hear of it only then, in order. */
  async append(body: RunEventBody): Promise<RunEvent> {
    // A clock may have an event of its own to tell, which comes first.
    const at = this.#now();
    const event: RunEvent = { seq: this.#nextSeq, at, body };
    const offset = this.#log.nextOffset;
    const durable = this.#log.append(event);
    this.#nextSeq += 1;
    const turn = this.#tail.then(async () => {
      await durable;
      applyEvent(this.view, event);
      this.#pages.add(event, offset);
      this.#documents.changed(body);
      for (const listener of this.#listeners) listener(event);
    });
    this.#tail = turn.catch(() => undefined);
    await turn;
    return event;
  }

  /**
   * Events after `sinceSeq`, then live, without gap or repeat. @returns how to stop listening.
   * @throws {EventsNotInMemoryError} if `sinceSeq` lies too far back: page up to it with `events` first
   */
  subscribe(sinceSeq: number, listener: RunListener): () => void {
    for (const event of this.#pages.recent(sinceSeq)) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next events after `sinceSeq`, `limit` at most, from memory or from disk. Empty when there are none yet. */
  events(sinceSeq: number, limit = 500): Promise<RunEvent[]> {
    return this.#pages.page(sinceSeq, limit, this.#log);
  }

  candidatePaths(id: number) {
    return this.paths.candidate(id);
  }

  /** See `writeProgramFolder`. */
  async writeProgram(id: number, files: ProgramFile[]): Promise<void> {
    this.#programs.forget(id);
    await writeProgramFolder(this.candidatePaths(id).program, files);
    this.#programs.forget(id);
  }

  readProgram(id: number): Promise<ProgramFile[]> {
    return this.#programs.get(id, () => readProgramFolder(this.candidatePaths(id).program));
  }

  /** Idempotent: the lock is given back once, so that it cannot take another process's away. */
  close(): Promise<void> {
    this.#closed ??= this.#tail.then(async () => {
      try {
        await this.#log.close();
        await this.#documents.close();
      } finally {
        await this.#unlock();
      }
    });
    return this.#closed;
  }
}

/** A run as it is on disk, for reading only: live, finished or cut off. */
export async function readRun(home: string, id: string): Promise<{ view: RunView; paths: RunPaths; live: boolean }> {
  const paths = await existing(home, id);
  const folded = new FoldedRun(id);
  await JsonlLog.readWith(paths.events, RunEvent, (event) => folded.add(event));
  const { view } = folded;
  const live = (await lockHolder(paths.lock)) !== null;
  if (!live && isUnderWay(view)) view.summary.state = 'interrupted';
  return { view, paths, live };
}

/** Ids of all runs, oldest first (their names begin with their date). */
export async function listRunIds(home: string): Promise<string[]> {
  try {
    const names = await readdir(runsDirectory(home));
    return names.filter((name) => RunId.safeParse(name).success).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function isUnderWay(view: RunView): boolean {
  return view.summary.state !== 'finished';
}

/** A view that is made event by event, from the first. */
class FoldedRun {
  readonly #id: string;
  #view: RunView | null = null;

  constructor(id: string) {
    this.#id = id;
  }

  add(event: RunEvent): void {
    if (this.#view === null) this.#view = openRunView(this.#id, event);
    else applyEvent(this.#view, event);
  }

  /** @throws if there was no event */
  get view(): RunView {
    if (this.#view === null)
      throw new Error(`run ${this.#id}: its event log is empty; nothing of it was ever announced`);
    return this.#view;
  }
}

async function existing(home: string, id: string): Promise<RunPaths> {
  const known = await listRunIds(home);
  if (!known.includes(id)) throw new RunNotFoundError(id, known);
  return runPaths(runDirectory(home, id));
}
