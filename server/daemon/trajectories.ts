/** Trajectories that clients read: their files' indices are kept for those who come back, and followed by looking. */
import type { Logger } from 'pino';
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import { TrajectoryFile } from './trajectoryFile.ts';

const maxKept = 64;
const lookEveryMs = 250;
const pageLimit = 500;
/** A client that leaves so much unread gets the rest when it has read. */
const maxBufferedBytes = 2 * 1024 * 1024;

export class Trajectories {
  readonly #files = new Map<string, TrajectoryFile>();

  /** As it is now. */
  async open(path: string): Promise<TrajectoryFile> {
    const file = this.#files.get(path) ?? new TrajectoryFile(path);
    // Used last, dropped last.
    this.#files.delete(path);
    this.#files.set(path, file);
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= maxKept) break;
      this.#files.delete(oldest);
    }
    await file.look();
    return file;
  }
}

export interface TrajectoryFollowerOptions {
  path: string;
  from: number;
  send: (items: TrajectoryItem[]) => boolean;
  bufferedBytes: () => number;
  log: Logger;
}

/** Sends what is new of a trajectory, in order, until it is disposed. */
export class TrajectoryFollower {
  readonly #options: TrajectoryFollowerOptions;
  readonly #file: TrajectoryFile;
  readonly #timer: NodeJS.Timeout;
  #next: number;
  #isLooking = false;
  #isDisposed = false;

  constructor(options: TrajectoryFollowerOptions) {
    this.#options = options;
    this.#file = new TrajectoryFile(options.path);
    this.#next = options.from;
    this.#timer = setInterval(() => this.#tick(), lookEveryMs);
    this.#timer.unref();
    this.#tick();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#look()
      .catch((error: unknown) => {
        this.#options.log.warn({ path: this.#options.path, err: error }, 'a trajectory cannot be followed');
        this.dispose();
      })
      .finally(() => {
        this.#isLooking = false;
      });
  }

  async #look(): Promise<void> {
    const { send, bufferedBytes } = this.#options;
    await this.#file.look();
    while (!this.#isDisposed && this.#next < this.#file.total && bufferedBytes() <= maxBufferedBytes) {
      const items = await this.#file.page(this.#next, pageLimit);
      if (this.#isDisposed || items.length === 0 || !send(items)) return;
      this.#next += items.length;
    }
  }
}
