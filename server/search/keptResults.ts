/**
 * Results of a candidate's evaluation, from their arrival until its verdict is on disk. A worker keeps its copy of a result
 * until the server has a durable one. Mostly that is the verdict itself, some milliseconds later; a result that has to wait
 * longer for it is written to a file, which a restarted server takes up.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ExecutionResult } from '../../protocol/worker.ts';
import { readDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';

/**
 * A verdict takes longer than this where other runs of the program come first. The worker delivers again what is not
 * acknowledged in 60 s.
 */
const verdictMs = 10_000;

export class KeptResults {
  readonly #directory: string;
  /** Files may be there, from before a restart or from here. */
  #hasFiles: boolean;
  readonly #verdict = Promise.withResolvers<'reached' | 'missed'>();
  #isReached = false;
  readonly #keeping: Promise<void>[] = [];
  readonly #verdictMs: number;

  /** @param isFirst nobody can have evaluated this candidate before: there are no files to look for */
  constructor(directory: string, { isFirst, verdictMs: given = verdictMs }: { isFirst: boolean; verdictMs?: number }) {
    this.#directory = directory;
    this.#hasFiles = !isFirst;
    this.#verdictMs = given;
  }

  /** The result of an execution that was carried out before a restart, if it came to a file. */
  async known(execId: string): Promise<ExecutionResult | null> {
    if (!this.#hasFiles) return null;
    return (await readDocument(this.#file(execId), z.object({ result: ExecutionResult })))?.result ?? null;
  }

  /** Resolves when the result is on disk, or not needed any more. */
  keep(execId: string, result: ExecutionResult): Promise<void> {
    if (result.kind === 'infrastructure_error') return Promise.resolve();
    const keeping = this.#keep(execId, result);
    // Whoever waits for it hears if it fails; `missed` waits for it, too.
    keeping.catch(() => undefined);
    this.#keeping.push(keeping);
    return keeping;
  }

  /** The verdict is on disk: no result is needed any more. */
  async reached(): Promise<void> {
    this.#isReached = true;
    this.#verdict.resolve('reached');
    if (!this.#hasFiles) return;
    await Promise.allSettled(this.#keeping);
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** There is no verdict for now: resolves when all results are on disk, or cannot be. */
  async missed(): Promise<void> {
    this.#verdict.resolve('missed');
    await Promise.allSettled(this.#keeping);
  }

  async #keep(execId: string, result: ExecutionResult): Promise<void> {
    if ((await this.#verdictInTime()) === 'reached' || this.#isReached) return;
    this.#hasFiles = true;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writeDurably(this.#file(execId), JSON.stringify({ result }));
  }

  async #verdictInTime(): Promise<'reached' | 'missed'> {
    const { promise: late, resolve } = Promise.withResolvers<'missed'>();
    const timer = setTimeout(() => resolve('missed'), this.#verdictMs);
    try {
      return await Promise.race([this.#verdict.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #file(execId: string): string {
    return join(this.#directory, `${execId}.json`);
  }
}
