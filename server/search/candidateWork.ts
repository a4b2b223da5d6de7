/**
 * What it takes to bring one candidate to an end: an agent's trajectory in a sandbox (or a person's program as it is), then
 * the hidden evaluation from a clean slate, in the foreground on the same slot (§3.2). Every stage can be entered again
 * after a restart: what is on disk is not done twice.
 */
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Spending } from '../../protocol/cost.ts';
import type { Lead } from '../../protocol/lead.ts';
import type { Candidate, CandidateFailure, CandidateId, PersonRequest, Score } from '../../protocol/run.ts';
import { isBetter } from '../../protocol/score.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { ExecutionResult, type Mount, ProgramFile, type SandboxSpec } from '../../protocol/worker.ts';
import { ConversationRefusedError, InterruptedError } from '../agent/limits.ts';
import { runAgent } from '../agent/loop.ts';
import type { Rehearsals } from '../agent/rehearsal.ts';
import { runSingleTurn } from '../agent/singleTurn.ts';
import { StoredTrajectory } from '../agent/trajectoryLog.ts';
import type { AgentResult } from '../agent/transcript.ts';
import { type Evaluator, InfrastructureError } from '../evaluation/evaluator.ts';
import { runEnvironment } from '../evaluation/runContract.ts';
import { OperatorContext, type TaskContext } from '../models/operatorContext.ts';
import { readDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';
import { readProgramFolder } from '../store/programFolder.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { SlotFailedError, WorkerLostError } from '../workers/errors.ts';
import { operatorContext } from './operatorContext.ts';
import type { Population } from './population.ts';
import type { RunAccounts } from './runAccounts.ts';
import type { CandidateWork, WorkSignals } from './steadyState.ts';
import { InfrastructureFault, SlotWorkbench } from './workbench.ts';

export interface CandidateWorkOptions {
  store: RunStore;
  population: Population;
  task: PreparedTask;
  taskContext: TaskContext;
  /** Keeps count of what calls to the model take, and holds them to the run's budget. */
  accounts: RunAccounts;
  evaluator: Pick<Evaluator, 'evaluate' | 'compare'>;
  runRemainingMs: () => number;
  /** Tells what each agent is at, for people who watch; not stored. */
  onActivity: (activity: Activity) => void;
  /** What an agent was told in a run that is made again; null or absent: it is gathered from the population. */
  recordedContext?: (id: CandidateId) => OperatorContext | null;
}

/** Where programs write in a development sandbox. */
const outDirectory = '/workspace/out';

export interface Activity {
  candidate: CandidateId;
  slot: number;
  doing: string;
}

export class AgentAndEvaluation implements CandidateWork {
  readonly #options: CandidateWorkOptions;

  constructor(options: CandidateWorkOptions) {
    this.#options = options;
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
    if (candidate.state === 'running') {
      const done = await this.#makeProgram(candidate, slot, signals.agents);
      if (!done) return;
    }
    await this.#evaluate(candidate, slot, signals.evaluations);
  }

  /** @returns false if there is no program to evaluate: the candidate has failed. */
  async #makeProgram(candidate: Candidate, slot: WorkerSlot, signal: AbortSignal): Promise<boolean> {
    const { store } = this.#options;
    const { id } = candidate;
    if (candidate.operator === 'human') {
      await store.append({ type: 'candidate_submitted', id, summary: candidate.summary, steps: 0 });
      return true;
    }
    const { result, spent } = await interruptible(signal, () => this.#runAgent(candidate, slot, signal));
    if (result.reason === 'submitted') {
      await store.append({ type: 'candidate_submitted', id, summary: result.detail, steps: result.steps, ...spent });
      return true;
    }
    if (result.autosubmitted !== undefined) {
      const summary =
        result.autosubmitted === '' ? `not submitted by its agent: ${result.detail}` : result.autosubmitted;
      const { steps } = result;
      await store.append({ type: 'candidate_submitted', id, summary, steps, autosubmitted: true, ...spent });
      return true;
    }
    // The run's own end cut it off: that is nobody's failure.
    const wasLate = result.reason === 'time_limit' && this.#options.runRemainingMs() <= 0;
    if (wasLate || result.reason === 'run_budget') {
      if (spent.spent !== undefined) await store.append({ type: 'candidate_spent', id, spent: spent.spent });
      throw new InterruptedError(result.detail);
    }
    const failure: CandidateFailure = { kind: 'no_submission', message: result.detail };
    await store.append({ type: 'candidate_failed', id, failure, steps: result.steps, evaluation: [], ...spent });
    return false;
  }

  /** @returns how it came out and, for the event that tells of it, what its calls took */
  async #runAgent(
    candidate: Candidate,
    slot: WorkerSlot,
    signal: AbortSignal,
  ): Promise<{ result: AgentResult; spent: { spent?: Spending } }> {
    const { store, accounts, task, onActivity } = this.#options;
    const { id } = candidate;
    const paths = store.candidatePaths(id);
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
    const log = await StoredTrajectory.open(paths.trajectory);
    const session = sessionName(id);
    const account = await accounts.openAccount(session, log);
    try {
      onActivity({ candidate: id, slot: slot.index, doing: 'starting' });
      const isSingleTurn = store.view.summary.config.operators === 'single-turn';
      // The slot gets its assignment at once; what the agent is told is gathered meanwhile.
      const opening = isSingleTurn
        ? null
        : SlotWorkbench.open(slot, session, this.#sandboxSpec(candidate, slot), signal);
      const known = contextOf(log.events);
      const gathering = known === null ? this.#context(candidate, slot) : Promise.resolve(known);
      const [workbench, context] = await bothSettled(Promise.resolve(opening), gathering);
      const watched = {
        events: log.events,
        append: async (event: TrajectoryEvent) => {
          await account.log.append(event);
          if (event.type !== 'model') return;
          onActivity({ candidate: id, slot: slot.index, doing: event.calls[0]?.name ?? 'thinking' });
          await accounts.reportAtWork(id, account);
        },
      };
      const given = {
        context,
        model: account.model,
        seed: candidate.seed,
        log: watched,
        execIdPrefix: session,
        saveProgram: (files: ProgramFile[]) => store.writeProgram(id, files),
        entryFile: entryFile(task.manifest.run.cmd),
        signal,
      };
      if (workbench === null) return { result: await runSingleTurn(given), spent: accounts.told(account) };
      const result = await runAgent({
        ...given,
        workbench,
        runRemainingMs: this.#options.runRemainingMs,
        rehearsals: this.#rehearsals(id),
      });
      await slot.closeSession(session);
      return { result, spent: accounts.told(account) };
    } catch (error) {
      await accounts.report(id, account);
      // On a shutdown the worker goes too; in every other case the next try wants a clean slate.
      if (!signal.aborted) await slot.closeSession(session);
      throw error;
    } finally {
      account.close();
      accounts.forget(id);
      await log.close();
    }
  }

  async #evaluate(candidate: Candidate, slot: WorkerSlot, signal: AbortSignal): Promise<void> {
    const { store, evaluator, onActivity } = this.#options;
    const { id } = candidate;
    const paths = store.candidatePaths(id);
    onActivity({ candidate: id, slot: slot.index, doing: 'evaluating' });
    const program = await store.readProgram(id);
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

  /** A document beside the trajectory: whole or not there, also after a crash. */
  #rehearsals(id: CandidateId): Rehearsals {
    const { store, task } = this.#options;
    const path = join(store.candidatePaths(id).directory, 'rehearsed.json');
    return {
      keep: (files) => writeDurably(path, JSON.stringify({ files })),
      kept: async () => (await readDocument(path, z.object({ files: z.array(ProgramFile) })))?.files ?? null,
      predictions: `${outDirectory}/${task.manifest.prediction.file}`,
      interpreter: task.manifest.run.cmd[0] ?? 'python',
    };
  }

  #executions(id: CandidateId): string {
    return join(this.#options.store.candidatePaths(id).directory, 'executions');
  }

  async #context(candidate: Candidate, slot: WorkerSlot): Promise<OperatorContext> {
    const { store, population, taskContext, task, recordedContext } = this.#options;
    const recorded = recordedContext?.(candidate.id) ?? null;
    if (recorded !== null) return recorded;
    const { limits } = task.manifest;
    return operatorContext(candidate, {
      population,
      switches: store.view.summary.config,
      task: taskContext,
      hardware: { cpus: cpusOf(slot, task), memoryMb: limits.mem_mb, gpu: gpuOf(slot) },
      limits: {
        toolTimeoutS: limits.dev_exec_s,
        evaluationTimeoutS: limits.eval_exec_s,
        trajectoryS: limits.trajectory_s,
        maxSteps: store.view.summary.config.maxSteps,
      },
      readProgram: (id) => store.readProgram(id),
      readLog: (id) => readLog(store.candidatePaths(id).evaluationLog),
    });
  }

  #sandboxSpec(candidate: Candidate, slot: WorkerSlot): SandboxSpec {
    const { store, task } = this.#options;
    const { limits, view } = task.manifest;
    const { image } = store.view.summary.config;
    const cpus = cpusOf(slot, task);
    const mounts: Mount[] = view.inputs_in_dev
      ? [{ source: task.publicDirectory, target: '/data' }]
      : [{ source: join(task.publicDirectory, 'train'), target: '/data/train' }];
    for (const parent of candidate.parents)
      mounts.push({ source: store.candidatePaths(parent).program, target: `/parents/${parent}` });
    return {
      mounts,
      environment: runEnvironment(task, { seed: candidate.seed, cpus, outDirectory }),
      limits: { cpus, memoryMb: limits.mem_mb, diskMb: limits.disk_mb, pids: limits.pids },
      // The folder that programs write to exists wherever they run.
      files: [{ path: 'out/.keep', contentBase64: '' }],
      ...(image === undefined ? {} : { image }),
    };
  }
}

/** What a trajectory that is being resumed was begun with. */
function contextOf(events: readonly TrajectoryEvent[]): OperatorContext | null {
  const [first] = events;
  return first?.type === 'started' ? OperatorContext.parse(first.context) : null;
}

function cpusOf(slot: WorkerSlot, task: PreparedTask): number {
  const here = slot.status().cpuList.length;
  return here === 0 ? task.manifest.limits.cpus : Math.min(here, task.manifest.limits.cpus);
}

function gpuOf(slot: WorkerSlot): string | null {
  const { gpuUuid, gpus } = slot.status();
  return gpus.find((gpu) => gpu.uuid === gpuUuid)?.name ?? gpuUuid;
}

/** Names a candidate's sandbox, and begins the ids of all its executions. */
export function sessionName(id: CandidateId): string {
  return `c${id}`;
}

/** `solution.py` of `python solution.py`: the first plain file that the command names. */
export function entryFile(command: readonly string[]): string | null {
  return command.slice(1).find((word) => /^[\w-]+(\.[\w-]+)+$/.test(word)) ?? null;
}

async function readLog(path: string): Promise<string> {
  try {
    await access(path);
  } catch {
    // A person's fork of a candidate that never ran has no log.
    return '';
  }
  return readFile(path, 'utf8');
}

/** Waits for both, also when one fails: nobody else would look after the other. */
async function bothSettled<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
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
