/**
 * Scores predictions of one task (§3.3, externalised evaluation). Labels live in a process of their own (scoringProcess.ts);
 * here is what its loss means: a crash is the infrastructure's fault and is mended by a restart, unless one and the same
 * file brings down two fresh processes that can score a perfect file of ours. Then the file is at fault.
 */
import type { Score } from '../../protocol/run.ts';
import type { SplitName } from '../../protocol/task.ts';
import { ScorerError } from './errors.ts';
import {
  type Reply,
  type ScorableTask,
  ScoringProcess,
  ScoringProcessLost,
  type SelfTestReport,
  TaskFault,
} from './scoringProcess.ts';

export type { ScorableTask, SelfTestReport, VariantScore } from './scoringProcess.ts';

export type Verdict =
  | { kind: 'scored'; score: Score; suspiciouslyPerfect: boolean }
  | { kind: 'invalid'; message: string };

export interface ScorerOptions {
  task: ScorableTask;
  /** The interpreter of the project's virtual environment. */
  python: string;
  /** Closes the scorer when aborted. */
  signal?: AbortSignal;
}

export class Scorer {
  readonly #task: ScorableTask;
  readonly #python: string;
  #process: ScoringProcess;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(task: ScorableTask, python: string, process: ScoringProcess) {
    this.#task = task;
    this.#python = python;
    this.#process = process;
  }

  /** Starts the scoring process and has it check the answers against the manifest. Throws ScorerError. */
  static async start({ task, python, signal }: ScorerOptions): Promise<Scorer> {
    signal?.throwIfAborted();
    const scorer = new Scorer(task, python, await startProcess(task, python));
    if (signal?.aborted) {
      await scorer.close();
      signal.throwIfAborted();
    }
    signal?.addEventListener('abort', () => void scorer.close(), { once: true });
    return scorer;
  }

  /** The scoring process's id, for tests and `doctor`. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The unprivileged user that the scoring process has become; null where the server is not root. */
  get user(): number | null {
    return this.#process.user;
  }

  /**
   * Validates the whole predictions file, then scores one split of it.
   * Deterministic: the same bytes have the same score and standard error. Throws ScorerError.
   */
  score(split: SplitName, predictions: Buffer): Promise<Verdict> {
    return this.#inTurn(async () => {
      const limit = this.#task.manifest.prediction.max_bytes;
      if (predictions.length > limit) {
        return { kind: 'invalid', message: `the file is larger than the allowed ${limit} bytes` };
      }
      const reply = await this.#ask({ op: 'score', split }, predictions);
      if (reply === 'lost twice') {
        const control = await this.#ask({ op: 'control', split }, Buffer.alloc(0));
        if (control === 'lost twice') {
          throw this.#error('its process keeps failing, even on a file known to be good');
        }
        if (control.kind === 'fault') throw this.#error(control.message);
        return {
          kind: 'invalid',
          message: 'the file could not be read: it brought down the scorer twice, which a plain CSV file does not',
        };
      }
      if (reply.kind === 'scored') {
        return { kind: 'scored', score: reply.score, suspiciouslyPerfect: reply.suspiciouslyPerfect };
      }
      if (reply.kind === 'invalid') return { kind: 'invalid', message: reply.message };
      throw this.#error(reply.kind === 'fault' ? reply.message : `it answered ${reply.kind} to a request for a score`);
    });
  }

  /** Scores files that a right task must score in a known way. `sample` is the task's public sample submission. */
  selfTest(sample: Buffer = Buffer.alloc(0)): Promise<SelfTestReport> {
    return this.#inTurn(async () => {
      const reply = await this.#ask({ op: 'selftest' }, sample);
      if (reply === 'lost twice') throw this.#error('its process failed twice during the self-test');
      if (reply.kind === 'report') return reply.report;
      throw this.#error(
        reply.kind === 'fault' ? reply.message : `it answered ${reply.kind} to a request for a self-test`,
      );
    });
  }

  /** Ends the scoring process. Requests in the queue fail. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#process.close();
  }

  /** Two tries, each with a live process; a self-test does the work of some twenty scores. */
  async #ask(operation: Parameters<ScoringProcess['request']>[0], content: Buffer): Promise<Reply | 'lost twice'> {
    const deadlineMs = this.#task.manifest.limits.grade_s * 1000 * (operation.op === 'selftest' ? 20 : 1);
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#closed) throw this.#error('it is closed');
      if (!this.#process.alive) await this.#restart();
      try {
        return await this.#process.request(operation, content, deadlineMs);
      } catch (error) {
        if (!(error instanceof ScoringProcessLost)) throw error;
      }
    }
    return 'lost twice';
  }

  async #restart(): Promise<void> {
    this.#process = await startProcess(this.#task, this.#python);
    if (!this.#closed) return;
    // Closed in the meantime: nobody else would end the new process.
    await this.#process.close();
    throw this.#error('it is closed');
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  #error(message: string): ScorerError {
    return new ScorerError(this.#task.manifest.id, message, this.#process.diagnostics);
  }
}

async function startProcess(task: ScorableTask, python: string): Promise<ScoringProcess> {
  try {
    return await ScoringProcess.start(task, python);
  } catch (error) {
    if (error instanceof TaskFault || error instanceof ScoringProcessLost) {
      throw new ScorerError(task.manifest.id, error.message, error.diagnostics);
    }
    throw error;
  }
}
