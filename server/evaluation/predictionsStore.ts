/**
 * A candidate's predictions, kept from its evaluation until the run is unsealed: validation and test are scored from them
 * then and not before, so that sealed scores do not exist while they could do harm. Mode 0600 in a folder of mode 0700.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod';
import { CandidateFailure, EvaluationRun } from '../../protocol/run.ts';
import { hasCode, messageOf } from '../../protocol/thrown.ts';
import { writeFailure } from '../store/diskFull.ts';
import type { TaskView } from '../tasks/preparedTask.ts';

const unzip = promisify(gunzip);

/** What came of the runs whose outcome is sealed as the scores are (one run for each split only). */
export const SealedRuns = z.array(z.object({ run: EvaluationRun, failure: CandidateFailure.nullable() }));
export type SealedRuns = z.infer<typeof SealedRuns>;

/** The program's own doing: it wrote more than the manifest allows. */
export class PredictionsTooLargeError extends Error {
  override readonly name = 'PredictionsTooLargeError';
}

/** Not the gzip that a worker makes: damaged on its way or on disk. */
export class DamagedPredictionsError extends Error {
  override readonly name = 'DamagedPredictionsError';
}

/**
 * Unpacks predictions; never are more than `maxBytes` of them in memory.
 * Throws PredictionsTooLargeError or DamagedPredictionsError.
 */
export async function unpackPredictions(packed: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new PredictionsTooLargeError(`the file is larger than the allowed ${maxBytes} bytes`);
    }
    throw new DamagedPredictionsError(`predictions are no whole gzip: ${messageOf(error)}`);
  }
}

export class PredictionsStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** An empty folder: nothing of an earlier evaluation can count. */
  async clear(): Promise<void> {
    const isNew = (await mkdir(this.#directory, { recursive: true, mode: 0o700 })) !== undefined;
    if (isNew) return;
    await chmod(this.#directory, 0o700);
    for (const name of await readdir(this.#directory)) await rm(path.join(this.#directory, name), { recursive: true });
  }

  /** `packed` as the worker sent it: gzip. */
  async put(split: TaskView['split'], packed: Buffer): Promise<void> {
    await this.#write(`${split}.csv.gz`, packed);
  }

  /** Null if the run for this split left no valid predictions. */
  async get(split: TaskView['split'], maxBytes: number): Promise<Buffer | null> {
    const packed = await this.#read(`${split}.csv.gz`);
    return packed && (await unpackPredictions(packed, maxBytes));
  }

  async putSealedRuns(runs: SealedRuns): Promise<void> {
    await this.#write('sealed-runs.json', Buffer.from(`${JSON.stringify(runs)}\n`));
  }

  async getSealedRuns(): Promise<SealedRuns> {
    const text = await this.#read('sealed-runs.json');
    return text ? SealedRuns.parse(JSON.parse(text.toString('utf8'))) : [];
  }

  async #write(name: string, content: Buffer): Promise<void> {
    const target = path.join(this.#directory, name);
    const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw writeFailure(target, error);
    }
  }

  async #read(name: string): Promise<Buffer | null> {
    try {
      return await readFile(path.join(this.#directory, name));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
  }
}
