/** Sends a client the events of a run: history first, then live, in order, with no gap and no repeat, as fast as it reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent, RunId } from '../../protocol/run.ts';
import type { RunCatalog } from './runCatalog.ts';

export interface RunFollowerOptions {
  run: RunId;
  sinceSeq: number;
  catalog: RunCatalog;
  /** @returns false if the connection is gone */
  send: (events: RunEvent[]) => boolean;
  /** Bytes that wait for the client to read. */
  bufferedBytes: () => number;
  /** The client reads too slowly: nothing more is sent. */
  lagging: () => void;
  /** The run cannot be read any more. */
  failed: (error: unknown) => void;
  timing?: Partial<FollowerTiming>;
}

export interface FollowerTiming {
  /** From one batch to the next, in milliseconds. */
  batchEveryMs: number;
  /** How long a client may leave more than `maxBufferedBytes` unread. */
  patienceMs: number;
  maxBufferedBytes: number;
}

const defaultTiming: FollowerTiming = { batchEveryMs: 100, patienceMs: 15_000, maxBufferedBytes: 2 * 1024 * 1024 };
const maxEvents = 2000;
const maxBatchBytes = 4 * 1024 * 1024;

export class RunFollower {
  readonly #options: RunFollowerOptions;
  readonly #timing: FollowerTiming;
  readonly #stop = new AbortController();

  /** Begins at once. */
  constructor(options: RunFollowerOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) options.failed(error);
    });
  }

  /** Idempotent. */
  dispose(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { run, catalog, send, lagging } = this.#options;
    const { signal } = this.#stop;
    let seq = this.#options.sinceSeq;
    let wake: () => void = () => undefined;
    let hasGrown = true;
    const growth = catalog.onGrowth(run, () => {
      hasGrown = true;
      wake();
    });
    const onStop = () => wake();
    signal.addEventListener('abort', onStop);
    try {
      while (!signal.aborted) {
        if (!hasGrown) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (hasGrown || signal.aborted) resolve();
          });
          continue;
        }
        hasGrown = false;
        const source = await catalog.open(run);
        const page = await source.events(seq, maxEvents);
        const batch = bounded(page);
        const last = batch.at(-1);
        if (last === undefined) continue;
        hasGrown = true;
        if (!(await this.#hasRoom())) {
          if (!signal.aborted) lagging();
          return;
        }
        if (signal.aborted || !send(batch)) return;
        seq = last.seq;
        await pause(this.#timing.batchEveryMs, signal);
      }
    } finally {
      growth.dispose();
      signal.removeEventListener('abort', onStop);
    }
  }

  /** Waits for a slow reader; false when that has taken too long. */
  async #hasRoom(): Promise<boolean> {
    const { patienceMs, maxBufferedBytes } = this.#timing;
    for (const deadline = Date.now() + patienceMs; ; await pause(20, this.#stop.signal)) {
      if (this.#options.bufferedBytes() <= maxBufferedBytes) return true;
      if (this.#stop.signal.aborted || Date.now() > deadline) return false;
    }
  }
}

/** As many of them as make a frame of fair size; at least one. */
function bounded(events: RunEvent[]): RunEvent[] {
  let bytes = 0;
  const end = events.findIndex((event, index) => {
    bytes += JSON.stringify(event).length;
    return index > 0 && bytes > maxBatchBytes;
  });
  return end < 0 ? events : events.slice(0, end);
}

/** Ends early when the follower is stopped. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
