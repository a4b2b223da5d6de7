/**
 * The programs of a run, to be asked whether a new one is nearly one of them. In memory is a sketch of each (a quarter of a
 * kilobyte); what a sketch finds likely is read from disk and compared exactly. Sketches are kept in a file beside the run,
 * so that a restart reads no programs; what is missing there is made good in the background.
 */
import { rm } from 'node:fs/promises';
import * as z from 'zod';
import type { Candidate, NearDuplicate } from '../../../protocol/run.ts';
import { CandidateId } from '../../../protocol/run.ts';
import type { ProgramFile } from '../../../protocol/worker.ts';
import { CorruptLogError, JsonlLog } from '../../store/jsonlLog.ts';
import type { RunStore } from '../../store/runStore.ts';
import { estimatedSimilarity, shinglesOf, similarity, sketchLength, sketchOf } from './shingles.ts';
import { programTokens } from './tokens.ts';

/**
 * From here on two programs are nearly the same. In a program of 1500 tokens this is up to three numbers or names changed; a
 * new line of thirty tokens is a change.
 */
export const nearlySame = 0.98;

/** An estimate may be too low by 0.08, more than four standard errors near 1. */
const likely = nearlySame - 0.08;
/** Likely ones that are read and compared, the likeliest first. */
const mostCompared = 3;

const Entry = z.object({
  id: CandidateId,
  /** How many different shingles it has. */
  size: z.int().nonnegative(),
  sketch: z.base64(),
});
type Entry = z.infer<typeof Entry>;

export interface Found extends NearDuplicate {
  files: ProgramFile[];
}

export class ProgramIndex {
  readonly #store: Pick<RunStore, 'view' | 'readProgram'>;
  readonly #log: JsonlLog<Entry>;
  readonly #ids: CandidateId[] = [];
  readonly #known = new Set<CandidateId>();
  /** One number of shingles, and one sketch after the other, for each of `ids`. */
  #sizes = new Uint32Array(256);
  #sketches = new Uint32Array(256 * sketchLength);
  /** What was found out of programs that are not added yet: an agent is asked before it submits. */
  readonly #looked = new Map<
    CandidateId,
    { files: readonly ProgramFile[]; shingles: ReadonlySet<number>; found: Found | null }
  >();
  #closed = false;
  #catchingUp: Promise<void>;
  /** Appends under way; they are derived, so that nobody waits for them but `close`. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(store: Pick<RunStore, 'view' | 'readProgram'>, log: JsonlLog<Entry>, entries: Entry[]) {
    this.#store = store;
    this.#log = log;
    for (const { id, size, sketch } of entries) {
      const bytes = Buffer.from(sketch, 'base64');
      if (bytes.length === 4 * sketchLength) this.#remember(id, size, new Uint32Array(Uint8Array.from(bytes).buffer));
    }
    this.#catchingUp = this.#catchUp();
  }

  /** @param path of the file of sketches; one that is damaged is made anew */
  static async open(store: Pick<RunStore, 'view' | 'readProgram'>, path: string): Promise<ProgramIndex> {
    try {
      const { log, entries } = await JsonlLog.open(path, Entry, { synced: false });
      return new ProgramIndex(store, log, entries);
    } catch (error) {
      if (!(error instanceof CorruptLogError)) throw error;
      await rm(path);
      const { log, entries } = await JsonlLog.open(path, Entry, { synced: false });
      return new ProgramIndex(store, log, entries);
    }
  }

  /** The candidate whose program is nearest to this one, if they are nearly the same. `of`: whose program this is. */
  async nearest(files: readonly ProgramFile[], of: CandidateId): Promise<Found | null> {
    const last = this.#looked.get(of);
    if (last !== undefined && isSame(last.files, files)) return last.found;
    const shingles = shinglesOf(programTokens(files));
    const found = await this.#compare(shingles, of);
    this.#looked.set(of, { files, shingles, found });
    return found;
  }

  async #compare(shingles: ReadonlySet<number>, except: CandidateId): Promise<Found | null> {
    let best: Found | null = null;
    for (const id of this.#likely(shingles, except)) {
      const others = await this.#store.readProgram(id);
      const alike = similarity(shingles, shinglesOf(programTokens(others)));
      if (alike >= nearlySame && (best === null || alike > best.similarity))
        best = { of: id, similarity: alike, files: others };
    }
    return best;
  }

  /** From now on others are compared with this program. Once for each candidate. */
  add(id: CandidateId, files: readonly ProgramFile[]): void {
    const last = this.#looked.get(id);
    this.#looked.delete(id);
    if (this.#known.has(id) || this.#closed) return;
    const shingles = last !== undefined && isSame(last.files, files) ? last.shingles : shinglesOf(programTokens(files));
    const sketch = sketchOf(shingles);
    this.#remember(id, shingles.size, sketch);
    const entry = { id, size: shingles.size, sketch: Buffer.from(sketch.buffer).toString('base64') };
    // A sketch that is not written is made again from the program at the next start.
    this.#writing = this.#log.append(entry).catch(() => undefined);
  }

  /** Sketches of programs that a killed server had not written down. Resolves when all are there. */
  get caughtUp(): Promise<void> {
    return this.#catchingUp;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#catchingUp;
    await this.#writing;
    await this.#log.close();
  }

  #likely(shingles: ReadonlySet<number>, except: CandidateId): CandidateId[] {
    const sketch = sketchOf(shingles);
    const found: { id: CandidateId; estimate: number }[] = [];
    for (let place = 0; place < this.#ids.length; place += 1) {
      const id = this.#ids[place] ?? except;
      const size = this.#sizes[place] ?? 0;
      // Sets of too different sizes cannot be alike.
      if (id === except || Math.min(size, shingles.size) < nearlySame * Math.max(size, shingles.size)) continue;
      const estimate = estimatedSimilarity(sketch, this.#sketches, place * sketchLength, likely);
      if (estimate >= likely) found.push({ id, estimate });
    }
    return found
      .sort((a, b) => b.estimate - a.estimate)
      .slice(0, mostCompared)
      .map(({ id }) => id);
  }

  #remember(id: CandidateId, size: number, sketch: Uint32Array): void {
    if (this.#known.has(id)) return;
    const place = this.#ids.length;
    if (place === this.#sizes.length) {
      const sizes = new Uint32Array(2 * place);
      const sketches = new Uint32Array(2 * place * sketchLength);
      sizes.set(this.#sizes);
      sketches.set(this.#sketches);
      this.#sizes = sizes;
      this.#sketches = sketches;
    }
    this.#ids.push(id);
    this.#known.add(id);
    this.#sizes[place] = size;
    this.#sketches.set(sketch, place * sketchLength);
  }

  async #catchUp(): Promise<void> {
    for (const candidate of [...this.#store.view.candidates.values()]) {
      if (this.#closed) return;
      if (this.#known.has(candidate.id) || !hasProgram(candidate)) continue;
      // Another process may tidy up; a program that cannot be read is one that nobody can repeat.
      const files = await this.#store.readProgram(candidate.id).catch(() => null);
      if (files !== null) this.add(candidate.id, files);
    }
  }
}

function isSame(a: readonly ProgramFile[], b: readonly ProgramFile[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ path, contentBase64 }, index) => b[index]?.path === path && b[index].contentBase64 === contentBase64)
  );
}

function hasProgram({ state, failure }: Candidate): boolean {
  if (state === 'failed') return failure?.kind !== 'no_submission' && failure?.kind !== 'bad_submission';
  return state === 'evaluating' || state === 'scored';
}
