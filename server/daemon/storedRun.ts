/**
 * A run that another process hosts, or nobody: read from its event log, as far as that has come. The log is followed by
 * whole lines; nothing is ever written here.
 */
import { stat } from 'node:fs/promises';
import { applyEvent, openRunView, type RunView } from '../../protocol/projection.ts';
import { RunEvent, type RunId } from '../../protocol/run.ts';
import { EventPages } from '../store/eventPages.ts';
import { type RunPaths, runDirectory, runPaths } from '../store/home.ts';
import { CorruptLogError } from '../store/jsonlLog.ts';
import { readLines } from '../store/lineReader.ts';
import { lockHolder } from '../store/processLock.ts';
import { RunNotFoundError } from '../store/runStore.ts';

export class StoredRun {
  readonly id: RunId;
  readonly paths: RunPaths;
  /** The other process that hosts it, as of the last look; null if nobody does. */
  holder: number | null = null;
  readonly #pages = new EventPages();
  #view: RunView | null = null;
  #offset = 0;
  #refreshing: Promise<void> | null = null;

  constructor(home: string, id: RunId) {
    this.id = id;
    this.paths = runPaths(runDirectory(home, id));
  }

  get isLive(): boolean {
    return this.holder !== null;
  }

  /** As of the last look. @throws if there was none */
  get view(): RunView {
    if (this.#view === null) throw new Error(`run ${this.id} was not read yet`);
    return this.#view;
  }

  /** What it is now, a run that nobody hosts told as interrupted. A copy. */
  summary(): RunView['summary'] {
    const { summary } = this.view;
    const isDown = this.holder === null && summary.state !== 'finished';
    return structuredClone(isDown ? { ...summary, state: 'interrupted' } : summary);
  }

  /** Reads what is new. Calls at the same time share one look. @throws {RunNotFoundError} {CorruptLogError} */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** The next events after `sinceSeq`, as of the last look. */
  events(sinceSeq: number, limit: number): Promise<RunEvent[]> {
    return this.#pages.page(sinceSeq, limit, {
      readFrom: async (offset, keep) => {
        for await (const { text, isWhole } of readLines(this.paths.events, offset))
          if (!isWhole || !keep(RunEvent.parse(JSON.parse(text)))) return;
      },
    });
  }

  async #refresh(): Promise<void> {
    // Before the events: a host that ends between the two looks has written all of its events before it let go.
    const holder = await lockHolder(this.paths.lock);
    try {
      await stat(this.paths.events);
    } catch {
      throw new RunNotFoundError(this.id, []);
    }
    for await (const { text, isWhole, offset, bytes } of readLines(this.paths.events, this.#offset)) {
      if (!isWhole) break;
      this.#add(text, offset);
      this.#offset = offset + bytes;
    }
    // One that this process holds is just being opened, perhaps in vain: hosted runs are not read from their files.
    this.holder = holder === process.pid ? null : holder;
    if (this.#view === null) throw new RunNotFoundError(this.id, []);
  }

  #add(text: string, offset: number): void {
    let event: RunEvent;
    try {
      event = RunEvent.parse(JSON.parse(text));
    } catch (error) {
      const why = error instanceof SyntaxError ? 'not JSON' : 'not an event of this version';
      throw new CorruptLogError(this.paths.events, (this.#view?.lastSeq ?? 0) + 1, why);
    }
    if (this.#view === null) this.#view = openRunView(this.id, event);
    else applyEvent(this.#view, event);
    this.#pages.add(event, offset);
  }
}
