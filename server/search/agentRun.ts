/** One agent's trajectory for a candidate: what it is told, where it works, and what others hear of it meanwhile. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Spending } from '../../protocol/cost.ts';
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import { hasCode } from '../../protocol/thrown.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { type Mount, ProgramFile, type SandboxSpec } from '../../protocol/worker.ts';
import { KeptOutputs } from '../agent/keptOutputs.ts';
import { runAgent } from '../agent/loop.ts';
import type { Peers } from '../agent/peers.ts';
import type { RecordedTurns } from '../agent/recordedTurns.ts';
import type { Rehearsals } from '../agent/rehearsal.ts';
import { runSingleTurn } from '../agent/singleTurn.ts';
import { StoredTrajectory } from '../agent/trajectoryLog.ts';
import type { AgentResult } from '../agent/transcript.ts';
import { runEnvironment } from '../evaluation/runContract.ts';
import type { RecordedRefusals } from '../models/budget/trajectoryAccount.ts';
import { OperatorContext, type TaskContext } from '../models/operatorContext.ts';
import { allSettled } from '../settled.ts';
import { readDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import type { Activity } from './activities.ts';
import { AgentNews } from './agentNews.ts';
import { entryFile } from './entryFile.ts';
import { LivePeers } from './livePeers.ts';
import type { ProgramIndex } from './nearDuplicates/programIndex.ts';
import { operatorContext } from './operatorContext.ts';
import type { Population } from './population.ts';
import type { RunAccounts } from './runAccounts.ts';
import { cpusOf, gpuOf, sessionName } from './slotFacts.ts';
import { type Standstills, tellTrajectory } from './standstills.ts';
import { SlotWorkbench } from './workbench.ts';

export interface AgentRunOptions {
  store: RunStore;
  population: Population;
  programs: ProgramIndex;
  task: PreparedTask;
  taskContext: TaskContext;
  /** Keeps count of what calls to the model take, and holds them to the run's budget. */
  accounts: RunAccounts;
  runRemainingMs: () => number;
  /** Tells the time, and of its own standstills. */
  standstills: Standstills;
  /** Tells what each agent is at, for people who watch; not stored. */
  onActivity: (activity: Activity) => void;
  /** In a run that is made again. Absent or null: all of it is as it is live. */
  recorded?: (id: CandidateId) => RecordedAgent | null;
}

export interface RecordedAgent {
  /** What it was told. */
  context: OperatorContext;
  /** What it heard of others. */
  peers: Peers;
  /** Where time ran out for it; null in recordings of older versions. */
  turns: RecordedTurns | null;
  /** What the budget had no room for. */
  refusals: RecordedRefusals;
}

export interface AgentOutcome {
  result: AgentResult;
  /** For the event that tells of it. */
  spent: { spent?: Spending };
  /** The program as it was put on disk; null if that was done before a restart, or not at all. */
  program: ProgramFile[] | null;
}

/** Where programs write in a development sandbox. */
const outDirectory = '/workspace/out';

export class AgentRuns {
  readonly #options: AgentRunOptions;

  constructor(options: AgentRunOptions) {
    this.#options = options;
  }

  /** Runs or resumes the trajectory of a candidate. @throws as `runAgent`, and what befalls the slot */
  async run(candidate: Candidate, slot: WorkerSlot, signal: AbortSignal): Promise<AgentOutcome> {
    // The slot gets its assignment at once; all that the agent needs is gathered meanwhile.
    const opening = this.#open(candidate, slot, signal);
    const settled = opening.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await this.#runIn(opening, candidate, slot, signal);
    } finally {
      // Where the agent never came to wait for it, nobody else would.
      await settled;
    }
  }

  /** null: single-turn operators need no place to work. */
  async #open(candidate: Candidate, slot: WorkerSlot, signal: AbortSignal): Promise<SlotWorkbench | null> {
    const { store, onActivity } = this.#options;
    onActivity({ candidate: candidate.id, slot: slot.index, doing: 'starting' });
    if (store.view.summary.config.operators === 'single-turn') return null;
    return SlotWorkbench.open(slot, sessionName(candidate.id), this.#sandboxSpec(candidate, slot), signal);
  }

  async #runIn(
    opening: Promise<SlotWorkbench | null>,
    candidate: Candidate,
    slot: WorkerSlot,
    signal: AbortSignal,
  ): Promise<AgentOutcome> {
    const { store, accounts, task, standstills, onActivity, recorded } = this.#options;
    const { id } = candidate;
    const session = sessionName(id);
    const paths = store.candidatePaths(id);
    const gathering = this.#context(candidate, slot);
    // Of no interest where the trajectory goes on with what it was begun with.
    gathering.catch(() => undefined);
    const news = new AgentNews(store, id);
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
    const log = await StoredTrajectory.open(paths.trajectory);
    const again = recorded?.(id) ?? null;
    const account = await accounts.openAccount(session, log, again?.refusals ?? null);
    const endTelling = tellTrajectory(standstills, log);
    try {
      const known = contextOf(log.events);
      const [workbench, context] = await allSettled([opening, known ?? gathering]);
      const watched = {
        events: log.events,
        append: async (event: TrajectoryEvent) => {
          await account.log.append(event);
          news.pass(event, log.events);
          if (event.type === 'observation') onActivity({ candidate: id, slot: slot.index, doing: 'thinking' });
          if (event.type !== 'model') return;
          onActivity({ candidate: id, slot: slot.index, doing: event.calls[0]?.name ?? 'thinking' });
          await accounts.reportAtWork(id, account);
        },
      };
      let program: ProgramFile[] | null = null;
      const given = {
        context,
        model: account.model,
        seed: candidate.seed,
        log: watched,
        execIdPrefix: session,
        saveProgram: async (files: ProgramFile[]) => {
          await store.writeProgram(id, files);
          program = files;
        },
        entryFile: entryFile(task.manifest.run.cmd),
        runRemainingMs: this.#options.runRemainingMs,
        signal,
        now: standstills.now,
      };
      const recordedTurns = again === null || again.turns === null ? {} : { recordedTurns: again.turns };
      if (workbench === null) {
        const result = await runSingleTurn({ ...given, ...recordedTurns });
        return { result, spent: accounts.told(account), program };
      }
      const result = await runAgent({
        ...given,
        workbench,
        rehearsals: this.#rehearsals(id),
        outputs: new KeptOutputs(paths.outputs),
        ...this.#peers(candidate, context, log.events),
        ...recordedTurns,
      });
      await allSettled([slot.closeSession(session), log.close()]);
      return { result, spent: accounts.told(account), program };
    } catch (error) {
      await accounts.report(id, account);
      // On a shutdown the worker goes too; in every other case the next try wants a clean slate.
      if (!signal.aborted) await slot.closeSession(session);
      throw error;
    } finally {
      endTelling();
      account.close();
      accounts.forget(id);
      await log.close();
      await news.settled();
    }
  }

  /** In best-of-k an agent hears of nobody. */
  #peers(candidate: Candidate, context: OperatorContext, events: readonly TrajectoryEvent[]): { peers?: Peers } {
    const { store, population, programs, recorded } = this.#options;
    const again = recorded?.(candidate.id) ?? null;
    if (again !== null) return { peers: again.peers };
    if (store.view.summary.config.search === 'best-of-k') return {};
    return { peers: new LivePeers({ candidate, context, events, population, programs }) };
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

  async #context(candidate: Candidate, slot: WorkerSlot): Promise<OperatorContext> {
    const { store, population, taskContext, task, recorded } = this.#options;
    const again = recorded?.(candidate.id) ?? null;
    if (again !== null) return again.context;
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

async function readLog(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // A person's fork of a candidate that never ran has no log.
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
