/**
 * Hosts one run in this process: workers, scorer, search, and the door through which clients steer it. What it starts it
 * ends; what a killed host leaves behind, the next one on the same run finds and takes over.
 */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import type { Price } from '../../protocol/cost.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { type RunSwitches, switchCaveats } from '../../protocol/runSwitches.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { protocolVersion } from '../../protocol/worker.ts';
import { renderReport, runReport } from '../analysis/report.ts';
import { isDiskFull } from '../disk.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { Scorer } from '../evaluation/scorer.ts';
import type { ChatModel } from '../models/chatModel.ts';
import type { Governor, Place } from '../models/governor/governor.ts';
import { sharedGovernors } from '../models/governor/sharedGovernors.ts';
import type { Activity } from '../search/activities.ts';
import { AgentAndEvaluation } from '../search/candidateWork.ts';
import { ProgramIndex } from '../search/nearDuplicates/programIndex.ts';
import { taskContext } from '../search/operatorContext.ts';
import { Population } from '../search/population.ts';
import { recordedAgent } from '../search/recording/recordedAgent.ts';
import { RecordedPlanner } from '../search/recording/recordedPlanner.ts';
import type { RecordedRun } from '../search/recording/recordedRun.ts';
import { Reevaluations, repeatSession } from '../search/reevaluations.ts';
import { RunAccounts } from '../search/runAccounts.ts';
import { sessionName } from '../search/slotFacts.ts';
import { Standstills, tellRun } from '../search/standstills.ts';
import { SteadyState } from '../search/steadyState.ts';
import { writeDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { Endpoint } from '../transport/endpoint.ts';
import { socketPathFor } from '../transport/unixSocket.ts';
import type { PoolEvent, PoolTiming, SlotStatus } from '../workers/contract.ts';
import type { WorkerLauncher } from '../workers/launcher.ts';
import { WorkerPool } from '../workers/pool.ts';
import { serveClients } from './clients.ts';
import { ProviderWatch } from './providerWatch.ts';
import { refusedWithoutGpu, whyNoneIsSeen, whyTaskHasNoGpu } from './runBounds.ts';
import { RunUnsealing } from './runUnsealing.ts';
import { RunSteering } from './steering.ts';

export interface RunHostOptions {
  store: RunStore;
  task: PreparedTask;
  model: ChatModel;
  /** Virtual environment of scorer and sandboxes. */
  venv: string;
  log: Logger;
  /** Of the model's calls; null: unpriced, and so is a model without this. */
  price?: Price | null;
  /** Default: the one that all runs of this process share that draw on the same quota. */
  governor?: Governor;
  /** Makes this run again instead of searching. */
  replay?: RecordedRun;
  /** How worker processes come to be. Default: as processes of this host. */
  launcher?: WorkerLauncher;
  /** Where clients find the run. Default: a door of its own, in the run's folder. */
  door?: { url: string; token: string };
  /** Of leases and connections. Default: the pool's own. */
  timing?: Partial<PoolTiming>;
  onActivity?: (activity: Activity) => void;
  onPoolEvent?: (event: PoolEvent) => void;
}

export type HostedEnd = { kind: 'finished' } | { kind: 'interrupted'; reason: string };

export class RunHost {
  readonly #options: RunHostOptions;
  readonly #pool: WorkerPool;
  readonly #endpoint: Endpoint;
  readonly #scorer: Scorer;
  readonly search: SteadyState;
  /** What a person does to the run. */
  readonly steering: RunSteering;
  readonly #unsealing: RunUnsealing;
  readonly #place: Place;
  readonly #watch: ProviderWatch;
  readonly #programs: ProgramIndex;
  readonly #repeats: Reevaluations;
  readonly #standstills: Standstills;
  #isSearching = true;
  #isHandedOver = false;

  private constructor(
    options: RunHostOptions,
    parts: {
      endpoint: Endpoint;
      pool: WorkerPool;
      scorer: Scorer;
      evaluator: Evaluator;
      search: SteadyState;
      place: Place;
      watch: ProviderWatch;
      programs: ProgramIndex;
      repeats: Reevaluations;
      standstills: Standstills;
    },
  ) {
    this.#options = options;
    this.#endpoint = parts.endpoint;
    this.#pool = parts.pool;
    this.#scorer = parts.scorer;
    this.search = parts.search;
    const { store, task } = options;
    const unsealing = new RunUnsealing(store, parts.evaluator);
    this.#unsealing = unsealing;
    this.steering = new RunSteering({
      store,
      search: this.search,
      task: () => task,
      unsealing: (work) => work(unsealing),
    });
    this.#place = parts.place;
    this.#watch = parts.watch;
    this.#programs = parts.programs;
    this.#repeats = parts.repeats;
    this.#standstills = parts.standstills;
  }

  /** Starts workers and scorer. What had been started is ended again if a later part fails. */
  static async start(options: RunHostOptions): Promise<RunHost> {
    const { store, task, model, venv, log, replay } = options;
    const { config } = store.view.summary;
    const { id, quota = id, breaker } = model.info;
    const place = options.governor?.join(config.rates) ?? sharedGovernors.join(quota, config.rates, breaker);
    const { governor } = place;
    const standstills = new Standstills();
    const runClock = tellRun(standstills, store, log);
    const undo: (() => Promise<unknown>)[] = [];
    try {
      const scorer = await Scorer.start({ task, python: `${venv}/bin/python`, log: log.child({ part: 'scorer' }) });
      undo.push(() => scorer.close());
      const endpoint = await Endpoint.start({ kind: 'unix', path: socketPathFor(store.paths.directory) });
      undo.push(() => endpoint.close());
      const pool = await WorkerPool.start({
        endpoint,
        stateDirectory: store.paths.workers,
        slots: config.workers,
        driver: config.sandbox,
        venv,
        ...(task.manifest.limits.gpus === 0 ? { gpuUuids: Array.from({ length: config.workers }, () => null) } : {}),
        ...(options.launcher === undefined ? {} : { launcher: options.launcher }),
        ...(options.timing === undefined ? {} : { timing: options.timing }),
        log: log.child({ part: 'workers' }),
        onEvent: (event) => {
          onPoolEvent(event, options);
          options.onPoolEvent?.(event);
        },
      });
      undo.push(() => pool.close());
      const evaluator = new Evaluator({ task, scorer });
      const { now } = standstills;
      const accounts = await RunAccounts.open({ store, model, price: options.price ?? null, governor, now });
      await tellGpus(store, pool);
      requireEnd(store, pool, options);
      const watch = await ProviderWatch.start(governor, store, log);
      undo.push(() => watch.close());
      // The work asks the search for time, the search asks the work to be done: tied together here.
      const remaining: { ms: () => number } = { ms: () => Number.POSITIVE_INFINITY };
      const population = Population.following(store);
      const programs = await ProgramIndex.open(store, store.paths.sketches);
      undo.push(() => programs.close());
      const onActivity = (activity: Activity) => options.onActivity?.(activity);
      const repeats = new Reevaluations({ store, task, evaluator, onActivity });
      await repeats.sweep();
      const search = new SteadyState({
        store,
        population,
        slots: pool.slots,
        agentsPerSlot: config.agentsPerSlot,
        modelId: model.info.id,
        ...(replay === undefined ? {} : { planner: new RecordedPlanner(replay, store.paths.directory) }),
        spendingEnd: () => accounts.softEnd(),
        repeats,
        log: log.child({ part: 'search' }),
        now,
        runClock,
        work: new AgentAndEvaluation({
          store,
          population,
          programs,
          task,
          taskContext: taskContext(task.manifest, task.description, task.dataCard),
          accounts,
          evaluator,
          runRemainingMs: () => remaining.ms(),
          standstills,
          onActivity,
          recorded: (id) => recordedAgent(replay?.candidates.get(id)),
        }),
      });
      remaining.ms = () => search.runRemainingMs();
      const parts = { endpoint, pool, scorer, evaluator, search, place, watch, programs, repeats, standstills };
      return new RunHost(options, parts);
    } catch (error) {
      standstills.stop();
      place.leave();
      for (const end of undo.reverse()) await end();
      await tellInterruption(options, messageOf(error));
      throw error;
    }
  }

  /** Searches, unseals, selects, reports; or leaves a run that can be resumed. Everything started is ended when it resolves. */
  async run(): Promise<HostedEnd> {
    const { store, log } = this.#options;
    const door = this.#options.door ?? this.#openDoor();
    const discovery = { protocol: protocolVersion, pid: process.pid, ...door };
    try {
      await writeFile(store.paths.discovery, JSON.stringify(discovery), { mode: 0o600 });
      await this.#sweep();
      const end = await this.search.run();
      this.#isSearching = false;
      // What comes now asks no model: others on its quota need not keep to this run's rates any longer.
      this.#place.leave();
      if (end.kind === 'interrupted') {
        await tellInterruption(this.#options, end.reason);
        return end;
      }
      if (store.view.summary.state !== 'stopping') await store.append({ type: 'run_stopping', reason: end.reason });
      await this.#repeats.sweep();
      // A host that was killed in between has done so already.
      if (!store.view.decided) await this.#unsealing.atEnd();
      await store.append({ type: 'run_finished', reason: end.reason });
      await this.#report();
      return { kind: 'finished' };
    } catch (error) {
      const isFull = isDiskFull(error);
      const reason = isFull ? messageOf(error) : `internal error: ${messageOf(error)}`;
      await tellInterruption(this.#options, reason);
      if (!isFull) throw error;
      log.error({ err: error }, 'the disk is full');
      return store.view.summary.state === 'finished' ? { kind: 'finished' } : { kind: 'interrupted', reason };
    } finally {
      await rm(store.paths.discovery, { force: true });
      await this.close();
    }
  }

  /**
   * Interrupts the search for a next host of the run, and leaves the workers at what they compute: that host finds them. A
   * search that has ended already is brought to its end here.
   */
  handOver(reason: string): void {
    if (!this.#isSearching || this.#isHandedOver) return;
    this.#isHandedOver = true;
    // The workers first: of what the interruption calls off, nothing may reach them.
    this.#pool.detach();
    this.search.interrupt(reason);
  }

  async close(): Promise<void> {
    this.#standstills.stop();
    this.#place.leave();
    await this.#watch.close();
    await this.#programs.close();
    if (!this.#isHandedOver) await this.#pool.close();
    await this.#scorer.close();
    await this.#endpoint.close();
  }

  #openDoor(): { url: string; token: string } {
    const { store, log } = this.#options;
    const token = randomBytes(24).toString('base64url');
    const home = dirname(dirname(store.paths.directory));
    serveClients(this.#endpoint, token, { home, store, steering: this.steering, log });
    return { url: this.#endpoint.urlFor('client'), token };
  }

  /** What each slot's worker is at. */
  slots(): SlotStatus[] {
    return this.#pool.status();
  }

  /** Frees what workers of a killed server still hold for candidates that have gone on without it. */
  async #sweep(): Promise<void> {
    const { candidates, pending } = this.#options.store.view;
    const unfinished = [...candidates.values()].filter(({ state }) => state === 'running' || state === 'evaluating');
    const repeated = pending.flatMap(({ body }) => (body.kind === 'reevaluate' ? [body.candidate] : []));
    const sessions = new Set([...unfinished.map(({ id }) => sessionName(id)), ...repeated.map(repeatSession)]);
    for (const slot of this.#pool.slots) {
      for (const session of slot.sessions()) if (!sessions.has(session)) await slot.closeSession(session);
      await slot.forget(slot.unclaimed().filter((execId) => !sessions.has(candidateOfExecution(execId))));
    }
  }

  async #report(): Promise<void> {
    const { store, task } = this.#options;
    const report = runReport(store.view, task.manifest);
    await writeDocument(store.paths.reportData, report);
    await writeDurably(store.paths.report, renderReport(report));
  }
}

/** Told for those who look at the run; on a disk that takes nothing any more, the run is interrupted all the same. */
async function tellInterruption({ store, log }: RunHostOptions, reason: string): Promise<void> {
  try {
    if (store.view.summary.state !== 'finished') await store.append({ type: 'run_interrupted', reason });
  } catch (error) {
    log.error({ err: error }, 'an interruption was not stored');
  }
}

/** What is on disk already is not told again. */
async function tellGpus(store: RunStore, pool: WorkerPool): Promise<void> {
  const gpus = pool.slots.filter((slot) => slot.status().gpuUuid !== null).length;
  if (gpus !== store.view.summary.gpus) await store.append({ type: 'gpus_held', gpus });
}

/** Where a GPU was seen as the run was begun or opened, and none is left by now. @throws {RefusedError} */
function requireEnd(store: RunStore, pool: WorkerPool, { task, model, price = null }: RunHostOptions): void {
  const { summary } = store.view;
  const why = whyTaskHasNoGpu(task.manifest) ?? whyNoneIsSeen(pool.gpuProblem);
  const refusal = refusedWithoutGpu(summary, { ...model.info, price }, summary.gpus > 0 ? null : why);
  if (refusal !== null) throw refusal;
}

/** Execution ids begin with the session of their candidate: `c12-4-0`, `c12-evaluation-pooled`. */
const candidateOfExecution = (execId: string) => execId.slice(0, execId.indexOf('-'));

/** What a reader of the results must know about the machine goes into the run, once. */
function onPoolEvent(event: PoolEvent, { store, log }: RunHostOptions): void {
  if (event.type === 'slot_lost') log.warn(event, 'a worker was lost');
  if (event.type !== 'slot_ready') return;
  const { driver, notEnforced } = event.capabilities;
  const caveats = notEnforced.map((what) => `not enforced by the sandbox on this machine: ${what}`);
  if (driver === 'none') caveats.unshift(noSandboxCaveat);
  for (const text of caveats) {
    if (store.view.summary.caveats.includes(text)) continue;
    store
      .append({ type: 'caveat', text })
      .catch((error: unknown) => log.error({ err: error }, 'a caveat was not stored'));
  }
}

export const noSandboxCaveat =
  'no sandbox: programs ran as ordinary processes of this machine, and could have read the hidden labels';

/** What a run should say of itself from its first moment. */
export function initialCaveats(
  info: Pick<ChatModel['info'], 'label' | 'isLanguageModel'>,
  config: Pick<RunSummary['config'], 'sandbox' | 'replayOf'> & RunSwitches,
): string[] {
  const caveats: string[] = [];
  if (config.replayOf !== undefined)
    caveats.push(`a replay of run ${config.replayOf}: no model was asked, and nothing was searched anew`);
  if (!info.isLanguageModel) caveats.push(`driven by the ${info.label}`);
  if (config.sandbox === 'none') caveats.push(noSandboxCaveat);
  caveats.push(...switchCaveats(config));
  return caveats;
}
