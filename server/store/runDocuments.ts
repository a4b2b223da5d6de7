/**
 * `run.json` and `candidates/<n>.json`: what a run's events mean, for people and tools. Derived, so they are written behind
 * the log, once a second at most and in a small share of the time, each as it is then. `run.json` comes last and names the event up to which all of
 * them are right: what a crash has left behind is found by that, and written again.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { RunView } from '../../protocol/projection.ts';
import type { Candidate, CandidateId, RunEventBody, RunSummary } from '../../protocol/run.ts';
import { isDiskFull } from '../disk.ts';
import { DocumentError, readDocument, writeDocument } from './document.ts';
import type { RunPaths } from './home.ts';

/** From one round of writing to the next, at least. */
const roundMs = 1000;
/** The pause after a round is so many times as long as the round: what runs wait for has the disk to itself. */
const pausePerRound = 20;
/** Files under way at a time while somebody waits for them; one is enough behind a run that is at work. */
const atOnce = 4;

export class RunDocuments {
  readonly #paths: RunPaths;
  readonly #view: RunView;
  readonly #changed = new Set<CandidateId>();
  #isRunChanged = false;
  #rounds: Promise<void> | null = null;
  readonly #closing = new AbortController();
  /** What the last round failed with; the next one tries the same documents again. */
  #failure: unknown = null;

  constructor(paths: RunPaths, view: RunView) {
    this.#paths = paths;
    this.#view = view;
  }

  /** The event up to which all documents are right; 0 if that cannot be told. */
  static async writtenThrough(paths: RunPaths): Promise<number> {
    try {
      return (await readDocument(paths.document, z.object({ seq: z.int() })))?.seq ?? 0;
    } catch (error) {
      if (error instanceof DocumentError) return 0;
      throw error;
    }
  }

  /** The view has changed by an event. */
  changed(body: RunEventBody): void {
    for (const id of candidatesOf(body)) this.#changed.add(id);
    this.#isRunChanged = true;
    this.#rounds ??= this.#write();
  }

  /** Writes again what is missing, and what `behind` names. */
  async repair(behind: Iterable<CandidateId>): Promise<void> {
    await mkdir(this.#paths.candidates, { recursive: true, mode: 0o700 });
    const present = new Set(await readdir(this.#paths.candidates));
    for (const id of this.#view.candidates.keys()) if (!present.has(`${id}.json`)) this.#changed.add(id);
    for (const id of behind) this.#changed.add(id);
    await this.#round(atOnce);
  }

  /**
   * Writes what is left. On a full disk the documents stay behind the log: whoever opens the run next makes them good.
   * @throws what else the last round failed with
   */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#rounds;
    if (this.#isRunChanged || this.#changed.size > 0)
      await this.#round(atOnce).catch((error: unknown) => {
        this.#failure = error;
      });
    if (this.#failure !== null && !isDiskFull(this.#failure)) throw this.#failure;
  }

  async #write(): Promise<void> {
    let pauseMs = roundMs;
    while (this.#isRunChanged && !this.#closing.signal.aborted) {
      // A pause that ends early is a run that is being closed.
      await sleep(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      const began = performance.now();
      await this.#round(1).catch((error: unknown) => {
        this.#failure = error;
        this.#isRunChanged = true;
      });
      pauseMs = Math.max(roundMs, pausePerRound * (performance.now() - began));
    }
    this.#rounds = null;
  }

  async #round(writerCount: number): Promise<void> {
    this.#isRunChanged = false;
    const seq = this.#view.lastSeq;
    const ids = [...this.#changed];
    this.#changed.clear();
    const failures: unknown[] = [];
    const writers = Array.from({ length: writerCount }, async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        try {
          await this.#writeCandidate(id);
        } catch (error) {
          this.#changed.add(id);
          failures.push(error);
        }
      }
    });
    await Promise.all(writers);
    if (failures.length > 0) throw failures[0];
    await writeDocument<RunSummary & { seq: number }>(this.#paths.document, { ...this.#view.summary, seq });
    this.#failure = null;
  }

  async #writeCandidate(id: CandidateId): Promise<void> {
    const candidate = this.#view.candidates.get(id);
    if (candidate === undefined) return;
    const document: Candidate & { seq: number } = { ...candidate, seq: this.#view.lastSeq };
    await writeDocument(this.#paths.candidate(id).document, document);
  }
}

/** The candidates that an event speaks of. */
export function candidatesOf(body: RunEventBody): CandidateId[] {
  if (body.type === 'candidate_started') return [body.candidate.id];
  if (body.type === 'unsealed') return body.scores.map(({ id }) => id);
  return 'id' in body ? [body.id] : [];
}
