/**
 * Asynchronous steady-state evolution (§3.1, §3.2). Each agent of each slot is a *lane*: it takes the next work the moment
 * it is free, whatever the others do. There is no barrier and no queue of finished work; what a lane finds out goes to the
 * store, and the next decision of any lane is made on it.
 */
import type { Logger } from 'pino';
import type {
  BudgetExtension,
  Candidate,
  CandidateId,
  Operator,
  PersonRequest,
  RunEventBody,
} from '../../protocol/run.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { BudgetTooSmallError, InterruptedError, ProviderStoppedError } from '../agent/limits.ts';
import { isDiskFull } from '../disk.ts';
import type { RunStore } from '../store/runStore.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { Backlog } from './backlog.ts';
import { Changes } from './changes.ts';
import { FaultCount, type FaultVerdict } from './faultCount.ts';
import { Generator } from './generator.ts';
import {
  type CandidateRequest,
  newCandidate,
  type PlannedCandidate,
  type Planner,
  planRequest,
  planSampled,
} from './planner.ts';
import type { Population } from './population.ts';
import { RequestRefusedError } from './requests.ts';
import { timeLeft } from './timeBudget.ts';
import type { CandidateWork, Repeats, Repetition, WorkSignals } from './work.ts';

export type { CandidateWork, Repeats, Repetition, WorkSignals } from './work.ts';

export type SearchEnd =
  | { kind: 'complete'; reason: string }
  /** The run can be resumed: shutdown, or a provider that cannot go on. */
  | { kind: 'interrupted'; reason: string };

export interface SearchOptions {
  store: RunStore;
  population: Population;
  slots: readonly WorkerSlot[];
  agentsPerSlot: number;
  work: CandidateWork;
  /** Absent: a person cannot ask for evaluations. */
  repeats?: Repeats;
  modelId: string;
  /** Stands in for sampling; a person can ask for nothing then. */
  planner?: Planner;
  /** Why money or tokens allow no new candidate, or null. */
  spendingEnd?: () => string | null;
  log: Logger;
  now?: () => number;
  /** By which the run's time is taken: as `now`, less what was nobody's and the view does not know of yet. Default: `now`. */
  runClock?: () => number;
}

interface Announcement {
  operator: Operator;
  request: string | null;
  started: Promise<Work | 'again'>;
}

/** What a lane does next, on its slot, to its end. */
type Work = () => Promise<void>;

export class SteadyState {
  readonly #options: SearchOptions;
  readonly #now: () => number;
  readonly #runClock: () => number;
  readonly #generator: Generator;
  /** Whatever may give a lane that waits something to do. */
  readonly #changes = new Changes();
  readonly #stopAgents = new AbortController();
  readonly #stopEvaluations = new AbortController();
  readonly #backlog: Backlog;
  readonly #faults: FaultCount;
  /** Slots on which nothing can run any more. */
  readonly #out = new Set<number>();
  readonly #active = new Set<CandidateId>();
  /** Decided and on their way to the disk: the next decision counts them already. */
  readonly #announcing = new Map<CandidateId, Announcement>();
  #lastId: CandidateId;
  #planning: Promise<unknown> = Promise.resolve();
  #paused: boolean;
  #stopReason: string | null;
  #interruption: string | null = null;
  #ended = false;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#runClock = options.runClock ?? this.#now;
    this.#faults = new FaultCount(options.slots.length);
    const { view } = options.store;
    const { generator, summary } = view;
    this.#generator = generator === null ? Generator.seeded(summary.config.seed) : Generator.restored(generator);
    this.#backlog = new Backlog(view.candidates.values());
    this.#lastId = summary.counts.created;
    this.#paused = summary.state === 'paused';
    this.#stopReason = summary.state === 'stopping' ? (summary.endReason ?? 'stopped') : null;
    if (this.#stopReason !== null && summary.ending !== 'finish') this.#stopAgents.abort();
  }

  /** Searches until candidates, time or a person say that it is enough. */
  async run(): Promise<SearchEnd> {
    const { slots, agentsPerSlot } = this.#options;
    const deadline = setTimeout(() => this.#changes.mark(), Math.max(0, Math.min(this.runRemainingMs(), 2 ** 31 - 1)));
    try {
      // Agents of one slot are spread over the start, so that with fewer candidates than lanes all slots have work.
      const lanes = Array.from({ length: agentsPerSlot }, () => slots.map((slot) => this.#lane(slot))).flat();
      const settled = await Promise.allSettled(lanes);
      this.#ended = true;
      const failure = settled.find((lane) => lane.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
    } finally {
      clearTimeout(deadline);
    }
    if (this.#interruption !== null) return { kind: 'interrupted', reason: this.#interruption };
    return { kind: 'complete', reason: this.#stopReason ?? this.#budgetEnd() ?? 'the search has ended' };
  }

  /** Milliseconds of activity left to the run; infinite without a budget of time. */
  runRemainingMs(): number {
    return timeLeft(this.#options.store.view, this.#runClock()).remainingMs;
  }

  /** No new assignments until `unpause`; agents at work finish what they do. */
  async pause(): Promise<void> {
    if (this.#paused || this.#stopReason !== null) return;
    this.#paused = true;
    await this.#options.store.append({ type: 'run_paused' });
  }

  async unpause(): Promise<void> {
    if (!this.#paused) return;
    this.#paused = false;
    await this.#options.store.append({ type: 'run_unpaused' });
    this.#changes.mark();
  }

  /** Starts nothing new, lets agents at work come to their end, and goes on to the final selection. */
  async finish(reason: string): Promise<void> {
    if (this.#stopReason !== null || this.#ended) return;
    this.#stopReason = reason;
    await this.#options.store.append({ type: 'run_stopping', reason, mode: 'finish' });
    this.#paused = false;
    this.#changes.mark();
  }

  /** Ends the search and goes on to the final selection. Agents are ended at once; evaluations only with `now`. */
  async stop(reason: string, { now }: { now: boolean }): Promise<void> {
    const isNew = this.#stopReason === null || this.#options.store.view.summary.ending === 'finish';
    if (isNew && !this.#ended) {
      this.#stopReason = reason;
      await this.#options.store.append({ type: 'run_stopping', reason, mode: 'stop' });
    }
    this.#stopAgents.abort();
    if (now) this.#stopEvaluations.abort();
    this.#paused = false;
    this.#changes.mark();
  }

  /** Leaves everything as it is, to be resumed. */
  interrupt(reason: string): void {
    this.#interruption ??= reason;
    this.#stopAgents.abort();
    this.#stopEvaluations.abort();
    this.#changes.mark();
  }

  /** Queues what a person asks for. It is on disk when this resolves, and goes ahead of sampled work. */
  request(request: string, body: PersonRequest): Promise<void> {
    return this.#add({ type: 'request_queued', request, body });
  }

  /** More of what bounds the run: lanes that wait go on at once. */
  extend(by: BudgetExtension): Promise<void> {
    return this.#add({ type: 'budget_extended', by });
  }

  /** Between two decisions: what has been taken in is seen by the next one, and none says meanwhile that the search is over. */
  async #add(event: Extract<RunEventBody, { type: 'request_queued' | 'budget_extended' }>): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#options.planner !== undefined)
        throw new RequestRefusedError('This run replays a recording: nothing can be added to it.');
      if (this.#stopReason !== null || this.#ended)
        throw new RequestRefusedError('The search is ending: nothing can be added. Start a new run of the same task.');
      await this.#options.store.append(event);
    });
    this.#changes.mark();
  }

  async #lane(slot: WorkerSlot): Promise<void> {
    try {
      while (!this.#out.has(slot.index)) {
        const work = await this.#nextWork(slot);
        if (work === null) return;
        try {
          await work();
        } finally {
          this.#changes.mark();
        }
      }
    } catch (error) {
      // Whatever it is: end all lanes in order, so that the run can be resumed once it is mended.
      if (!isDiskFull(error)) {
        this.interrupt(`internal error: ${messageOf(error)}`);
        throw error;
      }
      this.#options.log.error({ slot: slot.index, err: error }, 'the disk is full');
      this.interrupt(messageOf(error));
    }
  }

  async #nextWork(slot: WorkerSlot): Promise<Work | null> {
    for (;;) {
      if (this.#interruption !== null) return null;
      const seen = this.#changes.count;
      const decision = await this.#exclusively(() => this.#decide(slot));
      if (decision === null) return null;
      if (decision === 'wait') {
        await this.#changes.after(seen);
        continue;
      }
      const started = await decision.started;
      if (started !== 'again') return started;
    }
  }

  /**
   * One decision at a time: two free lanes must not sample from the same state of the generator. Only the decision: lanes
   * wait for the disk side by side.
   */
  #exclusively<T>(decide: () => Promise<T>): Promise<T> {
    const turn = this.#planning.then(decide);
    this.#planning = turn.catch(() => undefined);
    return turn;
  }

  async #decide(slot: WorkerSlot): Promise<{ started: Promise<Work | 'again'> } | 'wait' | null> {
    if (this.#interruption !== null || this.#ended) return null;
    const waiting = this.#takeBacklog(slot);
    if (waiting !== null) return { started: Promise.resolve(() => this.#work(waiting, slot)) };
    if (this.#stopReason === null && !this.#paused) {
      const request = this.#wanted();
      if (request !== null && 'perform' in request)
        return { started: Promise.resolve(() => this.#repeat(request, slot)) };
      if (request !== null) {
        const plan = planRequest(request.request, request.body);
        return this.#start({ plan, body: request.body, seed: this.#generator.seed(), abandoned: null }, slot);
      }
      const planned = this.#budgetEnd() === null ? await this.#plan() : null;
      if (planned !== null && planned !== 'wait') return this.#start(planned, slot);
    }
    const atWork = this.#active.size + this.#backlog.size + (this.#options.repeats?.atWork ?? 0);
    if (this.#paused || atWork > 0) return 'wait';
    this.#ended = true;
    return null;
  }

  /** What a person has asked for that can be served now, the oldest first. */
  #wanted(): { request: string; body: CandidateRequest } | Repetition | null {
    const { store, repeats, spendingEnd } = this.#options;
    const taken = new Set([...this.#announcing.values()].map((announcement) => announcement.request));
    for (const { request, body } of store.view.pending) {
      if (body.kind === 'reevaluate') {
        const repetition = repeats?.take(request, body.candidate, body.times) ?? null;
        if (repetition !== null) return repetition;
        continue;
      }
      // What a person hands in takes no calls; an agent's work would find no money for them.
      const isAffordable = body.kind === 'submit' || (spendingEnd?.() ?? null) === null;
      if (!taken.has(request) && isAffordable) return { request, body };
    }
    return null;
  }

  /** Why no more candidates are to be started, or null. Abandoned ones do not count: they were nobody's failure. */
  #budgetEnd(): string | null {
    const { config, counts } = this.#options.store.view.summary;
    if (config.candidates !== null && this.#lastId - counts.abandoned >= config.candidates)
      return `all ${config.candidates} candidates are made`;
    return this.#options.spendingEnd?.() ?? timeLeft(this.#options.store.view, this.#runClock()).end;
  }

  #takeBacklog(slot: WorkerSlot): Candidate | null {
    const inService = new Set(this.#options.slots.map(({ index }) => index).filter((index) => !this.#out.has(index)));
    const id = this.#backlog.take(slot.index, (index) => inService.has(index));
    if (id === null) return null;
    this.#active.add(id);
    return this.#options.store.view.candidates.get(id) ?? null;
  }

  /** What sampling, or whoever stands in for it, wants made next. */
  async #plan(): Promise<PlannedCandidate | 'wait' | null> {
    const { planner, store, population } = this.#options;
    if (planner !== undefined) {
      await Promise.allSettled([...this.#announcing.values()].map(({ started }) => started));
      return planner.next(store.view.candidates);
    }
    const { config } = store.view.summary;
    const plan = planSampled(population, population.drafts + this.#draftsAnnounced(), config, this.#generator);
    return { plan, seed: this.#generator.seed(), body: null, abandoned: null };
  }

  #draftsAnnounced(): number {
    const { candidates } = this.#options.store.view;
    return [...this.#announcing].filter(([id, { operator }]) => operator === 'draft' && !candidates.has(id)).length;
  }

  /** Resolves as soon as the decision is made; what it resolves to, when it is on disk. */
  async #start({ plan, body, seed, abandoned }: PlannedCandidate, slot: WorkerSlot) {
    const { work, modelId } = this.#options;
    const id = this.#lastId + 1;
    if (body !== null) await work.acceptRequest(id, body);
    this.#lastId = id;
    const candidate = newCandidate(id, plan, body, { seed, slot: slot.index, modelId, now: this.#now() });
    this.#active.add(id);
    const started = this.#announce(candidate, plan.request, abandoned, slot);
    this.#announcing.set(id, { operator: plan.operator, request: plan.request, started });
    return { started };
  }

  /** @returns `again` if the candidate was given up as it was announced */
  async #announce(
    candidate: Candidate,
    request: string | null,
    abandoned: string | null,
    slot: WorkerSlot,
  ): Promise<Work | 'again'> {
    const { store } = this.#options;
    const { id } = candidate;
    const generator = this.#generator.state;
    try {
      await store.append({ type: 'candidate_started', candidate, request, generator });
    } catch (error) {
      this.#active.delete(id);
      throw error;
    } finally {
      this.#announcing.delete(id);
    }
    if (abandoned === null) return () => this.#work(store.view.candidates.get(id) ?? candidate, slot);
    await this.#abandon(id, abandoned);
    this.#active.delete(id);
    this.#changes.mark();
    return 'again';
  }

  async #work(candidate: Candidate, slot: WorkerSlot): Promise<void> {
    const { store, work, log } = this.#options;
    const { id } = candidate;
    try {
      if (candidate.slot !== slot.index) await store.append({ type: 'candidate_placed', id, slot: slot.index });
      await work.perform(candidate, slot, this.#signals);
      this.#faults.cleared();
    } catch (error) {
      if (error instanceof ProviderStoppedError) {
        log.error({ candidate: id, err: error }, 'the model provider cannot go on');
        this.interrupt(`the model provider cannot go on: ${error.message}`);
      } else if (error instanceof BudgetTooSmallError) {
        log.error({ candidate: id, err: error }, 'a candidate can do nothing');
        // A run that is ending anyhow ends.
        if (this.#stopReason === null) this.interrupt(error.message);
        else await this.#abandon(id, error.message);
      } else if (error instanceof InterruptedError) {
        if (this.#interruption === null) await this.#abandon(id, this.#stopReason ?? error.message);
      } else if (work.isSlotOut(error)) {
        // No mark against the assignment: another slot takes it, or the run waits to be resumed.
        this.#backlog.putBack(id);
        this.#takeOut(slot, messageOf(error));
      } else if (work.isInfrastructureFault(error)) {
        const verdict = this.#faultOf(id, messageOf(error));
        if (verdict.kind === 'give_up') await this.#abandon(id, verdict.reason);
        else this.#backlog.putBack(id);
      } else throw error;
    } finally {
      this.#active.delete(id);
    }
  }

  /** One more evaluation of a candidate. Whatever cuts it off, it stays asked for. */
  async #repeat(repetition: Repetition, slot: WorkerSlot): Promise<void> {
    const { work } = this.#options;
    try {
      await repetition.perform(slot, this.#stopEvaluations.signal);
      this.#faults.cleared();
    } catch (error) {
      if (error instanceof InterruptedError) return;
      if (work.isSlotOut(error)) this.#takeOut(slot, messageOf(error));
      else if (work.isInfrastructureFault(error)) {
        const verdict = this.#faultOf(repetition.name, messageOf(error));
        if (verdict.kind === 'give_up') await repetition.drop(verdict.reason);
      } else throw error;
    } finally {
      repetition.release();
    }
  }

  get #signals(): WorkSignals {
    return { agents: this.#stopAgents.signal, evaluations: this.#stopEvaluations.signal };
  }

  #takeOut(slot: WorkerSlot, message: string): void {
    this.#options.log.error({ slot: slot.index, message }, 'a slot is out of service');
    this.#out.add(slot.index);
    if (this.#out.size === this.#options.slots.length) this.interrupt(`no slot is left: ${message}`);
  }

  /** A fault of the machine puts work back exactly once (invariant 5); too many in a row end the search, to be resumed. */
  #faultOf(work: string | number, message: string): FaultVerdict {
    const verdict = this.#faults.count(work, message);
    this.#options.log.warn({ work, verdict: verdict.kind, message }, 'infrastructure fault');
    if (verdict.kind === 'unfit') this.interrupt(verdict.reason);
    return verdict;
  }

  async #abandon(id: CandidateId, reason: string): Promise<void> {
    await this.#options.store.append({ type: 'candidate_abandoned', id, reason });
  }
}
