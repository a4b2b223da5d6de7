/** Tells clients of changes to runs: new ones, deleted ones, and each summary that has changed, at most twice a second. */
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { RunId, RunSummary } from '../../protocol/run.ts';
import { runDirectory, runPaths } from '../store/home.ts';
import { lockHolder } from '../store/processLock.ts';
import { RunNotFoundError } from '../store/runStore.ts';
import type { ClientSession } from './clientSession.ts';
import type { RunCatalog } from './runCatalog.ts';
import { followedRun } from './server.ts';

const tellEveryMs = 500;
/** How often runs of other processes are looked at. */
const lookEveryMs = 1500;
const maxUnreadBytes = 4 * 1024 * 1024;

export interface RunWatchOptions {
  home: string;
  catalog: RunCatalog;
  sessions: ReadonlySet<ClientSession>;
  isHosted: (id: RunId) => boolean;
  log: Logger;
}

export class RunWatch {
  readonly #options: RunWatchOptions;
  readonly #changed = new Set<RunId>();
  readonly #told = new Map<RunId, RunSummary>();
  /** Of runs that are not hosted here: how their files were at the last look. */
  readonly #marks = new Map<RunId, string>();
  /** Deleted since the present look began: what that still finds of them is old. */
  readonly #gone = new Set<RunId>();
  readonly #timers: NodeJS.Timeout[];
  #isTelling = false;
  #isLooking = false;
  #hasLooked = false;

  constructor(options: RunWatchOptions) {
    this.#options = options;
    this.#timers = [setInterval(() => this.#tick(), tellEveryMs), setInterval(() => this.#tock(), lookEveryMs)];
    for (const timer of this.#timers) timer.unref();
  }

  /** Something of this run has changed. */
  changed(id: RunId): void {
    this.#changed.add(id);
  }

  /** It is gone for good. */
  deleted(id: RunId): void {
    this.#forget(id);
    this.#gone.add(id);
    for (const session of this.#options.sessions)
      if (this.#concerns(session, id)) session.notify('run.deleted', { run: id });
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #concerns(session: ClientSession, id: RunId): boolean {
    return session.hello !== null && (session.watchesRuns || session.follows(followedRun(id)));
  }

  #tick(): void {
    if (this.#isTelling || this.#changed.size === 0) return;
    this.#isTelling = true;
    this.#tell()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'telling of changed runs failed'))
      .finally(() => {
        this.#isTelling = false;
      });
  }

  async #tell(): Promise<void> {
    const ids = [...this.#changed];
    this.#changed.clear();
    for (const id of ids) {
      const listeners = [...this.#options.sessions].filter((session) => this.#concerns(session, id));
      if (listeners.length === 0) {
        this.#told.delete(id);
        continue;
      }
      const summary = await this.#summary(id);
      if (summary === null || isDeepStrictEqual(this.#told.get(id), summary)) continue;
      this.#told.set(id, summary);
      // One that does not read loses this one only until the next change; `runs.list` has it anyway.
      for (const session of listeners) session.notify('run.changed', { summary }, maxUnreadBytes);
    }
  }

  async #summary(id: RunId): Promise<RunSummary | null> {
    try {
      return await this.#options.catalog.summary(id);
    } catch (error) {
      if (!(error instanceof RunNotFoundError)) this.#options.log.warn({ run: id, err: error }, 'a run cannot be read');
      return null;
    }
  }

  #tock(): void {
    const { sessions, log } = this.#options;
    if (this.#isLooking || ![...sessions].some((session) => session.watchesRuns)) return;
    this.#isLooking = true;
    this.#look()
      .catch((error: unknown) => log.error({ err: error }, 'looking for changed runs failed'))
      .finally(() => {
        this.#isLooking = false;
      });
  }

  async #look(): Promise<void> {
    const { home, catalog, isHosted } = this.#options;
    this.#gone.clear();
    const ids = new Set(await catalog.ids());
    for (const id of [...this.#marks.keys()]) if (!ids.has(id) && !isHosted(id)) this.deleted(id);
    for (const id of ids) {
      if (isHosted(id)) {
        this.#marks.set(id, 'hosted');
        continue;
      }
      const paths = runPaths(runDirectory(home, id));
      const { size, mtimeMs } = await stat(paths.events).catch(() => ({ size: -1, mtimeMs: 0 }));
      const mark = `${size} ${mtimeMs} ${(await lockHolder(paths.lock)) ?? ''}`;
      if (this.#gone.has(id)) continue;
      // What was there before anybody watched is known to those who have asked for the list.
      if (this.#marks.get(id) !== mark && this.#hasLooked) this.changed(id);
      this.#marks.set(id, mark);
    }
    this.#hasLooked = true;
  }

  #forget(id: RunId): void {
    this.#marks.delete(id);
    this.#told.delete(id);
    this.#changed.delete(id);
  }
}
