/**
 * Scores predictions of one task (§3.3, externalised evaluation). Labels live in a process of their own (scoringProcess.ts);
 * here is what its loss means: a crash is the infrastructure's fault and is mended by a restart, unless one and the same
 * file brings down two fresh processes that can score a perfect file of ours. Then the file is at fault. The same goes for
 * a metric that fails twice on one file and not on ours: no odd program may end a run.
 */
import type { Logger } from 'pino';
import type { Score } from '../../protocol/run.ts';
import type { SplitName } from '../../protocol/task.ts';
import { ScorerClosedError, ScorerError } from './errors.ts';
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
  | {
      kind: 'invalid';
      message: string;
      /** The file keeps the contract, and yet the scorer fails on it, though not on a perfect one. */
      unscorable?: true;
    };

export interface ScorerOptions {
  task: ScorableTask;
  /** The interpreter of the project's virtual environment. */
  python: string;
  /** The server's own log, which nobody else reads: what is written there may quote labels. */
  log?: Pick<Logger, 'warn' | 'error'>;
  /** Closes the scorer when aborted. */
  signal?: AbortSignal;
}

export class Scorer {
  readonly #options: ScorerOptions;
  readonly #task: ScorableTask;
  #process: ScoringProcess;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(options: ScorerOptions, process: ScoringProcess) {
    this.#options = options;
    this.#task = options.task;
    this.#process = process;
  }

  /** Starts the scoring process and has it check the answers against the manifest. Throws ScorerError. */
  static async start(options: ScorerOptions): Promise<Scorer> {
    const { signal } = options;
    signal?.throwIfAborted();
    const scorer = new Scorer(options, await startProcess(options));
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
    return this.#judge({ op: 'score', split }, predictions, (reply) =>
      reply.kind === 'scored'
        ? { kind: 'scored', score: reply.score, suspiciouslyPerfect: reply.suspiciouslyPerfect }
        : null,
    );
  }

  /** Validates the whole predictions file and scores nothing. Throws ScorerError. */
  check(split: SplitName, predictions: Buffer): Promise<{ kind: 'valid' } | Extract<Verdict, { kind: 'invalid' }>> {
    return this.#judge({ op: 'check', split }, predictions, (reply) =>
      reply.kind === 'ok' ? { kind: 'valid' } : null,
    );
  }

  /**
   * How much the score of `now` exceeds that of `before` on one split, with the standard error of that difference: both are
   * resampled together. Null where that cannot be told: the metric is a command, or a file is not valid after all.
   */
  compare(
    split: SplitName,
    before: Buffer,
    now: Buffer,
  ): Promise<{ difference: number; standardError: number } | null> {
    return this.#inTurn(async () => {
      const operation = { op: 'compare', split, first: before.length } as const;
      const reply = await this.#ask(operation, Buffer.concat([before, now]));
      if (reply === 'lost twice' || reply.kind !== 'compared') return null;
      return { difference: reply.difference, standardError: reply.standardError };
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

  /** Whose fault a failure was: returns where a perfect file is scored, throws ScorerError where not even that is. */
  async #scoreControl(split: SplitName, problem: string): Promise<void> {
    // Before anything else writes there.
    const { diagnostics } = this.#process;
    const control = await this.#ask({ op: 'control', split }, Buffer.alloc(0));
    if (control === 'lost twice') throw this.#error('its process keeps failing, even on a file known to be good');
    if (control.kind === 'fault') throw this.#error(control.message);
    this.#options.log?.warn(
      { split, problem, diagnostics },
      'a predictions file could not be scored, a perfect one can',
    );
  }

  /** @param verdict what the expected reply means, null for any other */
  #judge<T>(
    operation: { op: 'score' | 'check'; split: SplitName },
    predictions: Buffer,
    verdict: (reply: Reply) => T | null,
  ): Promise<T | Extract<Verdict, { kind: 'invalid' }>> {
    return this.#inTurn(async () => {
      const limit = this.#task.manifest.prediction.max_bytes;
      if (predictions.length > limit) {
        return { kind: 'invalid', message: `the file is larger than the allowed ${limit} bytes` };
      }
      const { split } = operation;
      let reply = await this.#ask(operation, predictions);
      if (reply !== 'lost twice' && reply.kind === 'fault') {
        await this.#scoreControl(split, reply.message);
        reply = await this.#ask(operation, predictions);
      }
      if (reply === 'lost twice') {
        await this.#scoreControl(split, 'a file brought its process down twice');
        const message = 'the file could not be read: it brought down the scorer twice, which a plain CSV file does not';
        return { kind: 'invalid', message, unscorable: true };
      }
      if (reply.kind === 'fault') {
        const message = `these predictions could not be scored, though a perfect file can be: ${reply.message}`;
        return { kind: 'invalid', message, unscorable: true };
      }
      if (reply.kind === 'invalid') return { kind: 'invalid', message: reply.message };
      const meant = verdict(reply);
      if (meant !== null) return meant;
      throw this.#error(`it answered ${reply.kind} to ${operation.op}`);
    });
  }

  /** Two tries, each with a live process; a self-test does the work of some twenty scores. */
  async #ask(operation: Parameters<ScoringProcess['request']>[0], content: Buffer): Promise<Reply | 'lost twice'> {
    const deadlineMs = this.#task.manifest.limits.grade_s * 1000 * (operation.op === 'selftest' ? 20 : 1);
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#closed) throw new ScorerClosedError(this.#task.manifest.id);
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
    this.#process = await startProcess(this.#options);
    if (!this.#closed) return;
    // Closed in the meantime: nobody else would end the new process.
    await this.#process.close();
    throw new ScorerClosedError(this.#task.manifest.id);
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
    return logged(new ScorerError(this.#task.manifest.id, message, this.#process.diagnostics), this.#options.log);
  }
}

/** Diagnostics go into the log and no further: an error's message may be shown to anybody. */
function logged(error: ScorerError, log: ScorerOptions['log']): ScorerError {
  log?.error({ err: error, diagnostics: error.diagnostics }, 'the scorer failed');
  return error;
}

async function startProcess({ task, python, log }: ScorerOptions): Promise<ScoringProcess> {
  try {
    return await ScoringProcess.start(task, python);
  } catch (error) {
    if (error instanceof TaskFault || error instanceof ScoringProcessLost) {
      throw logged(new ScorerError(task.manifest.id, error.message, error.diagnostics), log);
    }
    throw error;
  }
}
