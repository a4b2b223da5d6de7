/**
 * One run on disk and in memory. The event log is the truth; `run.json` and `candidates/<n>.json` are what it means,
 * written after it for people and tools, and made again from it when they are behind (after `kill -9`).
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { applyEvent, openRunView, type RunView } from '../../protocol/projection.ts';
import { Candidate, RunEvent, type RunEventBody, RunId, RunSummary } from '../../protocol/run.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { writeDocument } from './document.ts';
import { type RunPaths, runDirectory, runPaths, runsDirectory } from './home.ts';
import { JsonlLog } from './jsonlLog.ts';
import { lockHolder, takeLock } from './processLock.ts';

const RunDocument = RunSummary.extend({ seq: z.int() });
const CandidateDocument = Candidate.extend({ seq: z.int() });

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
  readonly #events: RunEvent[];
  readonly #listeners = new Set<RunListener>();
  #nextSeq: number;
  #closed: Promise<void> | null = null;
  #tail: Promise<void> = Promise.resolve();
  readonly #now: () => number;

  private constructor(
    id: RunId,
    paths: RunPaths,
    view: RunView,
    log: JsonlLog<RunEvent>,
    events: RunEvent[],
    unlock: () => Promise<void>,
    now: () => number,
  ) {
    this.id = id;
    this.paths = paths;
    this.view = view;
    this.#log = log;
    this.#events = events;
    this.#unlock = unlock;
    this.#now = now;
    this.#nextSeq = view.lastSeq + 1;
  }

  /** Makes a new run. Nothing is left behind if it fails. */
  static async create(
    home: string,
    id: string,
    start: Extract<RunEventBody, { type: 'run_started' }>,
    now: () => number = Date.now,
  ): Promise<RunStore> {
    const paths = runPaths(runDirectory(home, RunId.parse(id)));
    await mkdir(dirname(paths.directory), { recursive: true, mode: 0o700 });
    await mkdir(paths.directory, { mode: 0o700 });
    await mkdir(paths.candidates, { mode: 0o700 });
    const unlock = await takeLock(paths.lock);
    const { log } = await JsonlLog.open(paths.events, RunEvent);
    const first: RunEvent = { seq: 1, at: now(), body: start };
    await log.append(first);
    const store = new RunStore(id, paths, openRunView(id, first), log, [first], unlock, now);
    await store.#writeRunDocument();
    return store;
  }

  /** Opens an existing run for writing; only one process can. @throws {RunNotFoundError} {LockedError} {CorruptLogError} */
  static async open(home: string, id: string, now: () => number = Date.now): Promise<RunStore> {
    const paths = await existing(home, id);
    const unlock = await takeLock(paths.lock);
    try {
      const { log, entries } = await JsonlLog.open(paths.events, RunEvent);
      const view = fold(id, entries);
      const store = new RunStore(view.summary.id, paths, view, log, entries, unlock, now);
      await store.#repairDocuments();
      return store;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /**
   * Appends to the log; resolves when the event is on disk, part of the view, and its documents are written. Listeners hear
   * of it only then, in order.
   */
  async append(body: RunEventBody): Promise<RunEvent> {
    const event: RunEvent = { seq: this.#nextSeq, at: this.#now(), body };
    this.#nextSeq += 1;
    const durable = this.#log.append(event);
    const turn = this.#tail.then(async () => {
      await durable;
      applyEvent(this.view, event);
      this.#events.push(event);
      await this.#writeDocumentsOf(event);
      for (const listener of this.#listeners) listener(event);
    });
    this.#tail = turn.catch(() => undefined);
    await turn;
    return event;
  }

  /** Events after `sinceSeq`, then live, without gap or repeat. @returns how to stop listening. */
  subscribe(sinceSeq: number, listener: RunListener): () => void {
    for (const event of this.#events.slice(Math.max(0, sinceSeq))) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  candidatePaths(id: number) {
    return this.paths.candidate(id);
  }

  /** Puts a program in place whole: a crash leaves all of it or nothing. */
  async writeProgram(id: number, files: ProgramFile[]): Promise<void> {
    const { program, directory } = this.candidatePaths(id);
    const partial = join(directory, `.program-${process.pid}`);
    await rm(partial, { recursive: true, force: true });
    for (const file of files) {
      const path = join(partial, file.path);
      // Readable by all below a folder that is not: a sandbox shows a program of a parent to an unprivileged user.
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeFile(path, Buffer.from(file.contentBase64, 'base64'), { mode: 0o644 });
    }
    await rm(program, { recursive: true, force: true });
    await rename(partial, program);
  }

  readProgram(id: number): Promise<ProgramFile[]> {
    return readProgramFolder(this.candidatePaths(id).program);
  }

  /** Idempotent: the lock is given back once, so that it cannot take another process's away. */
  close(): Promise<void> {
    this.#closed ??= this.#tail.then(async () => {
      await this.#log.close();
      await this.#unlock();
    });
    return this.#closed;
  }

  async #writeDocumentsOf(event: RunEvent): Promise<void> {
    const { body } = event;
    if (body.type === 'candidate_started') await this.#writeCandidateDocument(body.candidate.id);
    else if (body.type.startsWith('candidate_') && 'id' in body) await this.#writeCandidateDocument(body.id);
    else if (body.type === 'unsealed') for (const { id } of body.scores) await this.#writeCandidateDocument(id);
    await this.#writeRunDocument();
  }

  async #writeRunDocument(): Promise<void> {
    const document: z.infer<typeof RunDocument> = { ...this.view.summary, seq: this.view.lastSeq };
    await writeDocument(this.paths.document, document);
  }

  async #writeCandidateDocument(id: number): Promise<void> {
    const candidate = this.view.candidates.get(id);
    if (candidate === undefined) return;
    await mkdir(this.candidatePaths(id).directory, { recursive: true, mode: 0o700 });
    const document: z.infer<typeof CandidateDocument> = { ...candidate, seq: this.view.lastSeq };
    await writeDocument(this.candidatePaths(id).document, document);
  }

  /** Writes again the documents of the last events: a crash may have come between the log and them. */
  async #repairDocuments(): Promise<void> {
    await mkdir(this.paths.candidates, { recursive: true, mode: 0o700 });
    const present = new Set(await readdir(this.paths.candidates));
    const behind = this.#events.slice(-64);
    const ids = new Set<number>();
    for (const id of this.view.candidates.keys()) if (!present.has(`${id}.json`)) ids.add(id);
    for (const { body } of behind) {
      if (body.type === 'candidate_started') ids.add(body.candidate.id);
      else if ('id' in body) ids.add(body.id);
      else if (body.type === 'unsealed') for (const { id } of body.scores) ids.add(id);
    }
    for (const id of ids) await this.#writeCandidateDocument(id);
    await this.#writeRunDocument();
  }
}

/** A run as it is on disk, for reading only: live, finished or cut off. */
export async function readRun(home: string, id: string): Promise<{ view: RunView; paths: RunPaths; live: boolean }> {
  const paths = await existing(home, id);
  const view = fold(id, await JsonlLog.read(paths.events, RunEvent));
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The files of a program folder, sorted by path. */
export async function readProgramFolder(directory: string): Promise<ProgramFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files: ProgramFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const relative = path.slice(directory.length + 1);
    files.push({ path: relative, contentBase64: (await readFile(path)).toString('base64') });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isUnderWay(view: RunView): boolean {
  return view.summary.state !== 'finished' && view.summary.state !== 'failed';
}

function fold(id: string, events: RunEvent[]): RunView {
  const [first, ...rest] = events;
  if (first === undefined) throw new Error(`run ${id}: its event log is empty; nothing of it was ever announced`);
  const view = openRunView(id, first);
  for (const event of rest) applyEvent(view, event);
  return view;
}

async function existing(home: string, id: string): Promise<RunPaths> {
  const known = await listRunIds(home);
  if (!known.includes(id)) throw new RunNotFoundError(id, known);
  return runPaths(runDirectory(home, id));
}
