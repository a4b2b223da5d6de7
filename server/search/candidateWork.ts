/**
 * What it takes to bring one candidate to an end: an agent's trajectory in a sandbox (or a person's program as it is), then
 * the hidden evaluation from a clean slate, in the foreground on the same slot (§3.2). Every stage can be entered again
 * after a restart: what is on disk is not done twice.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spending } from '../../protocol/cost.ts';
import type { Lead } from '../../protocol/lead.ts';
import type { Candidate, CandidateFailure, CandidateId, PersonRequest, Score } from '../../protocol/run.ts';
import { isBetter } from '../../protocol/score.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import { ConversationRefusedError, InterruptedError } from '../agent/limits.ts';
import { type Evaluator, InfrastructureError } from '../evaluation/evaluator.ts';
import { allSettled } from '../settled.ts';
import { writeFailure } from '../store/diskFull.ts';
import { ProgramFolderError, readProgramFolder } from '../store/programFolder.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { SlotFailedError, WorkerLostError } from '../workers/errors.ts';
import { type AgentRunOptions, AgentRuns } from './agentRun.ts';
import { executeOnce, interruptible } from './executeOnce.ts';
import { KeptResults } from './keptResults.ts';
import { cpusOf, sessionName } from './slotFacts.ts';
import type { CandidateWork, WorkSignals } from './steadyState.ts';
import { InfrastructureFault } from './workbench.ts';

export interface CandidateWorkOptions extends AgentRunOptions {
  evaluator: Pick<Evaluator, 'evaluate' | 'compare'>;
}

/** A program on disk that is to be evaluated. */
interface Submission {
  program: ProgramFile[];
  /** The run has been told of it. */
  told: Promise<void>;
  /** No evaluation of it can have begun before. */
  isFirst: boolean;
}

export class AgentAndEvaluation implements CandidateWork {
  readonly #options: CandidateWorkOptions;
  readonly #agents: AgentRuns;

  constructor(options: CandidateWorkOptions) {
    this.#options = options;
    this.#agents = new AgentRuns(options);
  }

  isSlotOut(error: unknown): boolean {
    return error instanceof SlotFailedError;
  }

  isInfrastructureFault(error: unknown): boolean {
    return (
      error instanceof WorkerLostError ||
      error instanceof InfrastructureError ||
      error instanceof InfrastructureFault ||
      error instanceof ConversationRefusedError
    );
  }

  async acceptRequest(id: CandidateId, body: PersonRequest): Promise<void> {
    if (body.kind !== 'submit') return;
    const { store } = this.#options;
    await mkdir(store.candidatePaths(id).directory, { recursive: true, mode: 0o700 });
    const program = await lasting(readProgramFolder(join(store.paths.directory, body.program)));
    // What is no program any more fails as a candidate, when it is looked for.
    if (!('problem' in program)) await store.writeProgram(id, program);
  }

  async perform(candidate: Candidate, slot: WorkerSlot, signals: WorkSignals): Promise<void> {
    const { store } = this.#options;
    const submission =
      candidate.state === 'running'
        ? await this.#makeProgram(candidate, slot, signals.agents)
        : { program: await store.readProgram(candidate.id), told: Promise.resolve(), isFirst: false };
    if (submission === null) return;
    // The program and the trajectory are on disk: the evaluation need not wait until the run has been told so.
    await allSettled([submission.told, this.#evaluate(candidate, submission, slot, signals.evaluations)]);
  }

  /** @returns null if there is no program to evaluate: the candidate has failed. */
  async #makeProgram(candidate: Candidate, slot: WorkerSlot, signal: AbortSignal): Promise<Submission | null> {
    const { store } = this.#options;
    const { id } = candidate;
    if (candidate.operator === 'human') {
      const program = await lasting(store.readProgram(id));
      if ('problem' in program) {
        const failure: CandidateFailure = {
          kind: 'bad_submission',
          message: `what was handed in was damaged before its turn came: ${program.problem}`,
        };
        await store.append({ type: 'candidate_failed', id, failure, steps: 0, evaluation: [] });
        return null;
      }
      return this.#submitted(id, { program, isFirst: false }, { summary: candidate.summary, steps: 0 });
    }
    const { result, spent, program } = await interruptible(signal, () => this.#agents.run(candidate, slot, signal));
    const { steps } = result;
    // Where this process has not put the program on disk, another one did, and may have gone on.
    const found = async () => ({ program: program ?? (await store.readProgram(id)), isFirst: program !== null });
    if (result.reason === 'submitted')
      return this.#submitted(id, await found(), { summary: result.detail, steps, ...spent });
    if (result.autosubmitted !== undefined) {
      const summary =
        result.autosubmitted === '' ? `not submitted by its agent: ${result.detail}` : result.autosubmitted;
      return this.#submitted(id, await found(), { summary, steps, autosubmitted: true, ...spent });
    }
    // The run's own end cut it off: that is nobody's failure.
    const wasLate = result.reason === 'time_limit' && this.#options.runRemainingMs() <= 0;
    if (wasLate || result.reason === 'run_budget') {
      if (spent.spent !== undefined) await store.append({ type: 'candidate_spent', id, spent: spent.spent });
      throw new InterruptedError(result.detail);
    }
    const failure: CandidateFailure = { kind: 'no_submission', message: result.detail };
    await store.append({ type: 'candidate_failed', id, failure, steps, evaluation: [], ...spent });
    return null;
  }

  /** Tells of the program that is on disk now, and of what it is nearly the same as. */
  async #submitted(
    id: CandidateId,
    submission: Omit<Submission, 'told'>,
    words: { summary: string; steps: number; autosubmitted?: true; spent?: Spending },
  ): Promise<Submission> {
    const { store, programs } = this.#options;
    const found = await programs.nearest(submission.program, id);
    programs.add(id, submission.program);
    const nearDuplicate = found === null ? {} : { nearDuplicate: { of: found.of, similarity: found.similarity } };
    const telling = store.append({ type: 'candidate_submitted', id, ...words, ...nearDuplicate });
    return { ...submission, told: telling.then(() => undefined) };
  }

  async #evaluate(candidate: Candidate, submission: Submission, slot: WorkerSlot, signal: AbortSignal): Promise<void> {
    const { store, evaluator, onActivity } = this.#options;
    const { id } = candidate;
    const { program, told, isFirst } = submission;
    const paths = store.candidatePaths(id);
    onActivity({ candidate: id, slot: slot.index, doing: 'evaluating' });
    const kept = new KeptResults(join(paths.directory, 'executions'), { isFirst });
    try {
      const outcome = await interruptible(signal, () =>
        evaluator.evaluate({
          program,
          seed: candidate.seed,
          cpus: cpusOf(slot, this.#options.task),
          image: store.view.summary.config.image,
          execIdPrefix: `${sessionName(id)}-evaluation`,
          predictionsDirectory: paths.predictions,
          selfReported: store.view.summary.config.evaluation === 'self-reported',
          keepLog: (log) => keepLog(paths.evaluationLog, log),
          run: (execId, request) => executeOnce({ execId, request, slot, kept, signal }),
        }),
      );
      const evaluation = outcome.runs;
      if (outcome.kind === 'scored') {
        const { search, suspiciouslyPerfect } = outcome;
        const lead = await this.#leadOf(id, search);
        await store.append({ type: 'candidate_scored', id, search, ...lead, evaluation, suspiciouslyPerfect });
      } else {
        await told;
        const steps = store.view.candidates.get(id)?.steps ?? 0;
        await store.append({ type: 'candidate_failed', id, failure: outcome.failure, steps, evaluation });
      }
    } catch (error) {
      await kept.missed();
      throw error;
    }
    await kept.reached();
  }

  /** Of a new best: how far it is ahead of the clear best, both predictions resampled together where that can be. */
  async #leadOf(id: CandidateId, score: Score): Promise<{ lead?: Lead }> {
    const { store, evaluator } = this.#options;
    const { bestSearch, clearBest, metric } = store.view.summary;
    const isBest = bestSearch !== null && isBetter(score.value, bestSearch.score.value, metric.direction);
    if (!isBest || clearBest === null || score.selfReported === true) return {};
    const over = clearBest.candidate;
    const [before, now] = [store.candidatePaths(over).predictions, store.candidatePaths(id).predictions];
    const compared = await evaluator.compare({ before, now });
    if (compared === null) return {};
    const { difference, standardError } = compared;
    return { lead: { over, difference: Math.abs(difference), standardError, paired: true } };
  }
}

async function keepLog(path: string, log: string): Promise<void> {
  try {
    await writeFile(path, log, { mode: 0o600 });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** A program, or why there is none and will be none: not for a machine that could not read it this time. */
async function lasting(reading: Promise<ProgramFile[]>): Promise<ProgramFile[] | { problem: string }> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ProgramFolderError && error.isLasting) return { problem: error.message };
    throw error;
  }
}
