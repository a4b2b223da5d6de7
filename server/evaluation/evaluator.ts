/**
 * Hidden Consistent Evaluation of one program (§3.3): run it from a clean slate on inputs without labels, take its
 * predictions, score the search split. Validation and test are scored from the kept predictions by `unseal`, when the
 * search has ended. Everything that is the program's own doing becomes a value; everything else is thrown.
 */
import type { CandidateFailure, EvaluationRun, Score } from '../../protocol/run.ts';
import type { SplitName } from '../../protocol/task.ts';
import type { ExecutionRequest, ExecutionResult, ProgramFile } from '../../protocol/worker.ts';
import type { PreparedTask, TaskView } from '../tasks/preparedTask.ts';
import { InfrastructureError, ScorerError } from './errors.ts';
import {
  DamagedPredictionsError,
  PredictionsStore,
  PredictionsTooLargeError,
  type SealedRuns,
  unpackPredictions,
} from './predictionsStore.ts';
import { evaluationRequest } from './runContract.ts';
import type { Scorer } from './scorer.ts';

export { InfrastructureError, ScorerError } from './errors.ts';

const maxLogCharacters = 64 * 1024;
const maxMessageCharacters = 2000;

export interface EvaluationInput {
  program: ProgramFile[];
  seed: number;
  /** CPUs of the slot it runs on. */
  cpus: number;
  /** Image of the run's sandboxes, if any. */
  image?: string | undefined;
  /** Execution ids are `<prefix>-<split>`. */
  execIdPrefix: string;
  /** The candidate's own; emptied first. Made with mode 0700. */
  predictionsDirectory: string;
  /** Has a worker carry out an execution. What it throws is passed on. */
  run: (execId: string, request: ExecutionRequest) => Promise<ExecutionResult>;
}

/** `runs` and `log` are of the pooled or search run only: what came of the others is sealed. */
export type EvaluationOutcome =
  | { kind: 'scored'; search: Score; suspiciouslyPerfect: boolean; runs: EvaluationRun[]; log: string }
  | { kind: 'failed'; failure: CandidateFailure; runs: EvaluationRun[]; log: string };

export interface UnsealedScores {
  validation: Score | null;
  test: Score | null;
  /** Why a split has no score although its predictions keep the contract: the scorer failed on them, and on no others. */
  problems: string[];
  /** What came of the runs that were sealed: with one run for each split, those on validation and test. */
  sealedRuns: SealedRuns;
}

type Evaluated = Extract<ExecutionResult, { kind: 'evaluated' }>;
type Predictions = { packed: Buffer; content: Buffer };

export class Evaluator {
  readonly #task: PreparedTask;
  readonly #scorer: Scorer;

  constructor({ task, scorer }: { task: PreparedTask; scorer: Scorer }) {
    this.#task = task;
    this.#scorer = scorer;
  }

  /**
   * Runs and scores a program. Throws InfrastructureError where a worker failed (try again), ScorerError where the task or
   * the scorer did, and whatever `run` throws.
   */
  async evaluate(input: EvaluationInput): Promise<EvaluationOutcome> {
    const store = new PredictionsStore(input.predictionsDirectory);
    await store.clear();
    const [first, ...sealed] = this.#task.views;
    if (!first || first.split === 'validation' || first.split === 'test') {
      throw new ScorerError(this.#task.manifest.id, 'its first view must be pooled or search: prepare it again');
    }
    const execId = executionId(input, first);
    const result = await this.#run(first, input);
    const runs = [evaluationRun(first, result)];
    const log = result.log.slice(-maxLogCharacters);
    const failed = (failure: CandidateFailure): EvaluationOutcome => ({ kind: 'failed', failure, runs, log });

    const predictions = await this.#predictionsOf(execId, result);
    if ('kind' in predictions) return failed(predictions);
    const verdict = await this.#scorer.score('search', predictions.content);
    if (verdict.kind === 'invalid') return failed(invalid(verdict.message));
    await store.put(first.split, predictions.packed);
    if (sealed.length > 0) await this.#runSealed(sealed, input, store);
    return { kind: 'scored', search: verdict.score, suspiciouslyPerfect: verdict.suspiciouslyPerfect, runs, log };
  }

  /** Scores validation and test from kept predictions; null where a run left none that are valid. Throws ScorerError. */
  async unseal({ predictionsDirectory }: { predictionsDirectory: string }): Promise<UnsealedScores> {
    const store = new PredictionsStore(predictionsDirectory);
    const problems: string[] = [];
    return {
      validation: await this.#scoreKept('validation', store, problems),
      test: await this.#scoreKept('test', store, problems),
      problems,
      sealedRuns: await store.getSealedRuns(),
    };
  }

  async #run(view: TaskView, input: EvaluationInput): Promise<Evaluated> {
    const execId = executionId(input, view);
    const result = await input.run(execId, evaluationRequest(this.#task, view, input));
    if (result.kind === 'evaluated') return result;
    const reason = result.kind === 'infrastructure_error' ? result.message : `the worker answered with ${result.kind}`;
    throw new InfrastructureError(execId, reason);
  }

  /** Runs on the later splits. Their logs are dropped and their failures kept from everybody until the run is unsealed. */
  async #runSealed(views: TaskView[], input: EvaluationInput, store: PredictionsStore): Promise<void> {
    const outcomes: SealedRuns = [];
    for (const view of views) {
      const result = await this.#run(view, input);
      const predictions = await this.#predictionsOf(executionId(input, view), result);
      if ('packed' in predictions) await store.put(view.split, predictions.packed);
      outcomes.push({ run: evaluationRun(view, result), failure: 'kind' in predictions ? predictions : null });
    }
    await store.putSealedRuns(outcomes);
  }

  async #scoreKept(split: SplitName, store: PredictionsStore, problems: string[]): Promise<Score | null> {
    const pooled = this.#task.manifest.view.mode === 'pooled';
    const content = await store.get(pooled ? 'pooled' : split, this.#task.manifest.prediction.max_bytes);
    if (!content) return null;
    const verdict = await this.#scorer.score(split, content);
    if (verdict.kind === 'scored') return verdict.score;
    if (verdict.unscorable) problems.push(`${split}: ${verdict.message}`);
    return null;
  }

  /** The predictions of a run that ended well, or why there are none. A file counts only if its program exited with 0. */
  async #predictionsOf(execId: string, result: Evaluated): Promise<Predictions | CandidateFailure> {
    const { eval_exec_s, mem_mb } = this.#task.manifest.limits;
    const { file, max_bytes } = this.#task.manifest.prediction;
    if (result.timedOut) {
      return failure(
        'timeout',
        `the program ran past its limit of ${eval_exec_s} s; what it had written does not count`,
      );
    }
    if (result.exitCode !== 0) {
      if (result.outOfMemory)
        return failure('out_of_memory', `the program needed more than its ${mem_mb} MiB of memory`);
      const how = result.exitCode === null ? 'was killed by a signal' : `exited with code ${result.exitCode}`;
      return failure('program_error', `the program ${how}${lastLine(result.log)}`);
    }
    if (result.outputGzipBase64 === null) {
      return failure('no_predictions', result.outputProblem ?? `the program wrote no ${file} into AIRA_OUT_DIR`);
    }
    const packed = Buffer.from(result.outputGzipBase64, 'base64');
    try {
      return { packed, content: await unpackPredictions(packed, max_bytes) };
    } catch (error) {
      if (error instanceof PredictionsTooLargeError) return invalid(error.message);
      if (error instanceof DamagedPredictionsError) throw new InfrastructureError(execId, error.message);
      throw error;
    }
  }
}

function executionId(input: EvaluationInput, view: TaskView): string {
  return `${input.execIdPrefix}-${view.split}`;
}

function evaluationRun(view: TaskView, result: Evaluated): EvaluationRun {
  const { exitCode, durationMs, peakMemoryMb } = result;
  return { split: view.split, exitCode, durationMs, peakMemoryMb };
}

function failure(kind: CandidateFailure['kind'], message: string): CandidateFailure {
  return { kind, message: message.slice(0, maxMessageCharacters) };
}

function invalid(message: string): CandidateFailure {
  return failure('invalid_predictions', message);
}

/** Of a traceback the last line says most. */
function lastLine(log: string): string {
  const line = log.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line.slice(0, 300)}`;
}
