/**
 * Hidden Consistent Evaluation of one program (§3.3): run it from a clean slate on inputs without labels, take its
 * predictions, score the search split. Validation and test are scored from the kept predictions by `unseal`, when the
 * search has ended. Everything that is the program's own doing becomes a value; everything else is thrown.
 */
import type { CandidateFailure, EvaluationRun, Score } from '../../protocol/run.ts';
import type { SplitName } from '../../protocol/task.ts';
import type { ExecutionRequest, ExecutionResult, ProgramFile } from '../../protocol/worker.ts';
import { allSettled } from '../settled.ts';
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
import { selfReportExample, selfReportIn } from './selfReport.ts';
import { Turns } from './turns.ts';

export { InfrastructureError, ScorerError } from './errors.ts';

const maxLogCharacters = 64 * 1024;
const maxMessageCharacters = 2000;
/**
 * Predictions that are unpacked and judged at a time. With hundreds of slots that come free together this bounds the memory,
 * and the first ones are through, and their slots at work again, while the others wait: all at once would be done late.
 */
const judgedAtOnce = 4;

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
  /** What the program says of itself is its search score; hidden labels have no part in it. */
  selfReported?: boolean;
  /** Nothing is run on the later splits, whose scores nobody is to learn of this evaluation. */
  searchOnly?: boolean;
  /** Gets the log of the first run while its predictions are judged; has settled when `evaluate` has. */
  keepLog?: (log: string) => Promise<void>;
  /** Has a worker carry out an execution. What it throws is passed on. */
  run: (execId: string, request: ExecutionRequest) => Promise<ExecutionResult>;
}

/** `runs` and `log` are of the pooled or search run only: what came of the others is sealed. */
export type EvaluationOutcome =
  | { kind: 'scored'; search: Score; suspiciouslyPerfect: boolean; runs: EvaluationRun[]; log: string }
  | { kind: 'failed'; failure: CandidateFailure; runs: EvaluationRun[]; log: string };

export interface UnsealedScores {
  /** With self-reported evaluation only: what the program really does on the search split. */
  hiddenSearch?: Score | null;
  validation: Score | null;
  test: Score | null;
  /** Why a split has no score although its predictions keep the contract: the scorer failed on them, and on no others. */
  problems: string[];
  /** What came of the runs that were sealed: with one run for each split, those on validation and test. */
  sealedRuns: SealedRuns;
}

type Evaluated = Extract<ExecutionResult, { kind: 'evaluated' }>;
type Judged =
  | { kind: 'scored'; score: Score; suspiciouslyPerfect: boolean }
  | { kind: 'failed'; failure: CandidateFailure };
type Predictions = { packed: Buffer; content: Buffer };

export class Evaluator {
  readonly #task: PreparedTask;
  readonly #scorer: Scorer;
  readonly #turns = new Turns(judgedAtOnce);

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
    const [first, ...sealed] = this.#task.views;
    if (!first || first.split === 'validation' || first.split === 'test') {
      throw new ScorerError(this.#task.manifest.id, 'its first view must be pooled or search: prepare it again');
    }
    // The program runs while its folder is emptied.
    const [whole] = await allSettled([this.#run(first, input), store.clear()]);
    const runs = [evaluationRun(first, whole)];
    const log = whole.log.slice(-maxLogCharacters);
    const judging = this.#turns.take(() => this.#judged(first, { ...whole, log }, input, store));
    const [outcome] = await allSettled([judging, input.keepLog?.(log)]);
    if (outcome.kind === 'failed') return { ...outcome, runs, log };
    if (sealed.length > 0 && input.searchOnly !== true) await this.#runSealed(sealed, input, store);
    const { score: search, suspiciouslyPerfect } = outcome;
    return { kind: 'scored', search, suspiciouslyPerfect, runs, log };
  }

  /** The verdict on the first run. Predictions are kept only of one that is scored. */
  async #judged(view: TaskView, result: Evaluated, input: EvaluationInput, store: PredictionsStore): Promise<Judged> {
    const failed = (failure: CandidateFailure): Judged => ({ kind: 'failed', failure });
    const execId = executionId(input, view);
    const predictions = await this.#predictionsOf(execId, result);
    if ('kind' in predictions) return failed(predictions);
    const judge = input.selfReported === true ? this.#ownWord(result.log) : this.#hiddenScore;
    // They go to the disk while they are judged.
    const [verdict] = await allSettled([judge(predictions.content), store.put(view.split, predictions.packed)]);
    if (verdict.kind === 'failed') await store.clear();
    return verdict;
  }

  /**
   * How much better or worse `now` does on the search split than `before`, both given as folders of kept predictions: the
   * difference of the scores and its standard error, resampled together. Null where that cannot be told. Throws ScorerError.
   */
  async compare({ before, now }: { before: string; now: string }) {
    const [first, second] = await Promise.all([
      this.#kept('search', new PredictionsStore(before)),
      this.#kept('search', new PredictionsStore(now)),
    ]);
    return first === null || second === null ? null : this.#scorer.compare('search', first, second);
  }

  /**
   * Scores validation and test from kept predictions; null where a run left none that are valid. Throws ScorerError.
   * @param selfReported the search split has not been scored yet, either
   */
  async unseal({
    predictionsDirectory,
    selfReported = false,
  }: {
    predictionsDirectory: string;
    selfReported?: boolean;
  }): Promise<UnsealedScores> {
    const store = new PredictionsStore(predictionsDirectory);
    const problems: string[] = [];
    return {
      ...(selfReported ? { hiddenSearch: await this.#scoreKept('search', store, problems) } : {}),
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
    const content = await this.#kept(split, store);
    if (!content) return null;
    const verdict = await this.#scorer.score(split, content);
    if (verdict.kind === 'scored') return verdict.score;
    if (verdict.unscorable) problems.push(`${split}: ${verdict.message}`);
    return null;
  }

  #kept(split: SplitName, store: PredictionsStore): Promise<Buffer | null> {
    const pooled = this.#task.manifest.view.mode === 'pooled';
    return store.get(pooled ? 'pooled' : split, this.#task.manifest.prediction.max_bytes);
  }

  readonly #hiddenScore = async (content: Buffer): Promise<Judged> => {
    const verdict = await this.#scorer.score('search', content);
    if (verdict.kind === 'invalid') return { kind: 'failed', failure: invalid(verdict.message) };
    return verdict;
  };

  #ownWord(log: string): (content: Buffer) => Promise<Judged> {
    return async (content) => {
      const verdict = await this.#scorer.check('search', content);
      if (verdict.kind === 'invalid') return { kind: 'failed', failure: invalid(verdict.message) };
      const score = selfReportIn(log);
      const { name, optimum } = this.#task.manifest.metric;
      if (score !== null) return { kind: 'scored', score, suspiciouslyPerfect: score.value === optimum };
      const message = `its output has no line such as "${selfReportExample(name)}": it did not say how good it is`;
      return { kind: 'failed', failure: failure('no_report', message) };
    };
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
