/**
 * What it takes to bring one candidate to an end: an agent's trajectory in a sandbox (or a person's program as it is), then
 * the hidden evaluation from a clean slate, in the foreground on the same slot (§3.2). Every stage can be entered again
 * after a restart: what is on disk is not done twice.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Spending } from '../../protocol/cost.ts';
import type { Lead } from '../../protocol/lead.ts';
import type { Candidate, CandidateFailure, CandidateId, PersonRequest, Score } from '../../protocol/run.ts';
import { isBetter } from '../../protocol/score.ts';
import { ExecutionResult, type ProgramFile } from '../../protocol/worker.ts';
import { ConversationRefusedError, InterruptedError } from '../agent/limits.ts';
import { type Evaluator, InfrastructureError } from '../evaluation/evaluator.ts';
import { readDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';
import { readProgramFolder } from '../store/programFolder.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { SlotFailedError, WorkerLostError } from '../workers/errors.ts';
import { type AgentRunOptions, AgentRuns } from './agentRun.ts';
import { cpusOf, sessionName } from './slotFacts.ts';
import type { CandidateWork, WorkSignals } from './steadyState.ts';
import { InfrastructureFault } from './workbench.ts';

export interface CandidateWorkOptions extends AgentRunOptions {
  evaluator: Pick<Evaluator, 'evaluate' | 'compare'>;
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
    await store.writeProgram(id, await readProgramFolder(join(store.paths.directory, body.program)));
  }

  async perform(candidate: Candidate, slot: WorkerSlot, signals: WorkSignals): Promise<void> {
    const { store } = this.#options;
    const program =
      candidate.state === 'running'
        ? await this.#makeProgram(candidate, slot, signals.agents)
        : await store.readProgram(candidate.id);
    if (program !== null) await this.#evaluate(candidate, program, slot, signals.evaluations);
  }

  /** @returns null if there is no program to evaluate: the candidate has failed. */
  async #makeProgram(candidate: Candidate, slot: WorkerSlot, signal: AbortSignal): Promise<ProgramFile[] | null> {
    const { store } = this.#options;
    const { id } = candidate;
    if (candidate.operator === 'human')
      return this.#submitted(id, await store.readProgram(id), { summary: candidate.summary, steps: 0 });
    const { result, spent, program } = await interruptible(signal, () => this.#agents.run(candidate, slot, signal));
    const { steps } = result;
    if (result.reason === 'submitted')
      return this.#submitted(id, program ?? (await store.readProgram(id)), { summary: result.detail, steps, ...spent });
    if (result.autosubmitted !== undefined) {
      const summary =
        result.autosubmitted === '' ? `not submitted by its agent: ${result.detail}` : result.autosubmitted;
      const files = program ?? (await store.readProgram(id));
      return this.#submitted(id, files, { summary, steps, autosubmitted: true, ...spent });
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
    files: ProgramFile[],
    told: { summary: string; steps: number; autosubmitted?: true; spent?: Spending },
  ): Promise<ProgramFile[]> {
    const { store, programs } = this.#options;
    const found = await programs.nearest(files, id);
    programs.add(id, files);
    const nearDuplicate = found === null ? {} : { nearDuplicate: { of: found.of, similarity: found.similarity } };
    await store.append({ type: 'candidate_submitted', id, ...told, ...nearDuplicate });
    return files;
  }

  async #evaluate(candidate: Candidate, program: ProgramFile[], slot: WorkerSlot, signal: AbortSignal): Promise<void> {
    const { store, evaluator, onActivity } = this.#options;
    const { id } = candidate;
    const paths = store.candidatePaths(id);
    onActivity({ candidate: id, slot: slot.index, doing: 'evaluating' });
    const work = () =>
      evaluator.evaluate({
        program,
        seed: candidate.seed,
        cpus: cpusOf(slot, this.#options.task),
        image: store.view.summary.config.image,
        execIdPrefix: `${sessionName(id)}-evaluation`,
        predictionsDirectory: paths.predictions,
        selfReported: store.view.summary.config.evaluation === 'self-reported',
        run: (execId, request) =>
          this.#executeOnce(id, execId, (commit) => slot.execute(execId, request, { signal, commit })),
      });
    const outcome = await interruptible(signal, () => slot.withDevice(work, { priority: 'evaluation', signal }));
    await writeFile(paths.evaluationLog, outcome.log, { mode: 0o600 });
    const evaluation = outcome.runs;
    if (outcome.kind === 'scored') {
      const { search, suspiciouslyPerfect } = outcome;
      const lead = await this.#leadOf(id, search);
      await store.append({ type: 'candidate_scored', id, search, ...lead, evaluation, suspiciouslyPerfect });
    } else {
      const steps = store.view.candidates.get(id)?.steps ?? 0;
      await store.append({ type: 'candidate_failed', id, failure: outcome.failure, steps, evaluation });
    }
    await rm(this.#executions(id), { recursive: true, force: true });
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

  /** A result of hours is on disk before the worker may drop it, and is not computed again after a restart. */
  async #executeOnce(
    id: CandidateId,
    execId: string,
    execute: (commit: (result: ExecutionResult) => Promise<void>) => Promise<ExecutionResult>,
  ): Promise<ExecutionResult> {
    const path = join(this.#executions(id), `${execId}.json`);
    const known = await readDocument(path, z.object({ result: ExecutionResult }));
    if (known !== null) return known.result;
    return execute(async (result) => {
      if (result.kind === 'infrastructure_error') return;
      await mkdir(this.#executions(id), { recursive: true, mode: 0o700 });
      await writeDurably(path, JSON.stringify({ result }));
    });
  }

  #executions(id: CandidateId): string {
    return join(this.#options.store.candidatePaths(id).directory, 'executions');
  }
}

/** An abort shows as `InterruptedError`, whatever the layer below made of it. */
async function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted && !(error instanceof InterruptedError))
      throw new InterruptedError('the work was interrupted', { cause: error });
    throw error;
  }
}
