/**
 * Which runs this machine's agent server hosts, on disk: what the next one takes up when this one dies or is replaced. A run
 * that takes its server down with it again and again is left alone.
 */

import * as z from 'zod';
import { RunId } from '../../protocol/run.ts';
import { DocumentError, readDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';

const HostedRuns = z.object({
  runs: z.array(
    z.object({
      run: RunId,
      /** When servers took it up, the latest last; milliseconds since the epoch. */
      takenUpAt: z.array(z.number()),
    }),
  ),
});

/** So many take-ups within that time are too many. */
export const maxTakeUps = 4;
export const takeUpWindowMs = 10 * 60_000;

export class HostedList {
  readonly #path: string;
  readonly #runs: Map<RunId, number[]>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, runs: Map<RunId, number[]>) {
    this.#path = path;
    this.#runs = runs;
  }

  /** A file that cannot be understood counts as empty: runs can be resumed by hand. */
  static async open(path: string): Promise<HostedList> {
    try {
      const document = await readDocument(path, HostedRuns);
      return new HostedList(path, new Map(document?.runs.map(({ run, takenUpAt }) => [run, takenUpAt])));
    } catch (error) {
      if (error instanceof DocumentError) return new HostedList(path, new Map());
      throw error;
    }
  }

  runs(): RunId[] {
    return [...this.#runs.keys()];
  }

  /** Resolves when it is on disk. */
  add(run: RunId): Promise<void> {
    if (!this.#runs.has(run)) this.#runs.set(run, []);
    return this.#save();
  }

  remove(run: RunId): Promise<void> {
    return this.#runs.delete(run) ? this.#save() : Promise.resolve();
  }

  /** Notes that the run is about to be taken up. @returns false if that has happened too often of late */
  async takesUp(run: RunId, now: number): Promise<boolean> {
    const recent = (this.#runs.get(run) ?? []).filter((at) => at > now - takeUpWindowMs && at <= now);
    if (recent.length >= maxTakeUps) return false;
    this.#runs.set(run, [...recent, now]);
    await this.#save();
    return true;
  }

  /** The last take-up came to nothing, or to an end in order, and the server lives to tell: that does not count. */
  survived(run: RunId): Promise<void> {
    return this.#runs.get(run)?.pop() === undefined ? Promise.resolve() : this.#save();
  }

  #save(): Promise<void> {
    const write = () => {
      const runs = [...this.#runs].map(([run, takenUpAt]) => ({ run, takenUpAt }));
      return writeDurably(this.#path, `${JSON.stringify({ runs })}\n`);
    };
    const done = this.#writing.then(write);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}
