/**
 * Asynchronous steady-state evolution (§3.1, §3.2). Each agent of each slot is a *lane*: it takes the next work the moment
 * it is free, whatever the others do. There is no barrier and no queue of finished work; what a lane finds out goes to the
 * store, and the next decision of any lane is made on it.
 */
import type { Logger } from 'pino';
import type { Candidate, CandidateId, Operator, PersonRequest } from '../../protocol/run.ts';
import { InterruptedError, ProviderStoppedError } from '../agent/limits.ts';
import type { RunStore } from '../store/runStore.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { Generator } from './generator.ts';
import { type PlannedCandidate, type Planner, planRequest, planSampled } from './planner.ts';
import type { Population } from './population.ts';
import { RequestRefusedError } from './requests.ts';
import { timeLeft } from './timeBudget.ts';

/** Brings one started candidate to an end on a slot. Its outcome goes to the store, not to the caller. */
export interface CandidateWork {
  /** @throws {InterruptedError} {ProviderStoppedError}, or `isInfrastructureFault(error)` */
  perform(candidate: Candidate, slot: WorkerSlot, signals: WorkSignals): Promise<void>;
  isInfrastructureFault(error: unknown): boolean;
  /** True if nothing can run on this slot any more. */
  isSlotOut(error: unknown): boolean;
  /** Lays down what a person's submission needs before the candidate is announced. */
  acceptRequest(id: CandidateId, body: PersonRequest): Promise<void>;
}

export interface WorkSignals {
  /** Ends agents' trajectories. */
  agents: AbortSignal;
  /** Ends evaluations too. */
  evaluations: AbortSignal;
}

export type SearchEnd =
  | { kind: 'complete'; reason: string }
  /** The run can be resumed: shutdown, or a provider that cannot go on. */
  | { kind: 'interrupted'; reason: string };

/** How many times an assignment is put back after a fault of the infrastructure. */
const requeues = 1;
/** So many faults of the infrastructure in a row, with no candidate brought to an end between them: the machine is not fit. */
const faultsInARow = 8;

export interface SearchOptions {
  store: RunStore;
  population: Population;
  slots: readonly WorkerSlot[];
  agentsPerSlot: number;
  work: CandidateWork;
  modelId: string;
  /** Stands in for sampling; a person can ask for nothing then. */
  planner?: Planner;
  /** Why money or tokens allow no new candidate, or null. */
  spendingEnd?: () => string | null;
  log: Logger;
  now?: () => number;
}

interface Announcement {
  operator: Operator;
  request: string | null;
  started: Promise<Candidate | 'again'>;
}

export class SteadyState {
  readonly #options: SearchOptions;
  readonly #now: () => number;
  readonly #generator: Generator;
  /** Lanes that wait for something to change, and a count of changes so that none is missed. */
  #waiting: (() => void)[] = [];
  #changes = 0;
  readonly #stopAgents = new AbortController();
  readonly #stopEvaluations = new AbortController();
  /** Started candidates that no lane is at: found at a restart (and where), or put back (anywhere). */
  readonly #backlog: { id: CandidateId; slot: number | null }[];
  readonly #faults = new Map<CandidateId, number>();
  #faultsInARow = 0;
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
    const { view } = options.store;
    const { generator, summary } = view;
    this.#generator = generator === null ? Generator.seeded(summary.config.seed) : Generator.restored(generator);
    this.#backlog = [...view.candidates.values()].filter(isUnfinished).map(({ id, slot }) => ({ id, slot }));
    this.#lastId = summary.counts.created;
    this.#paused = summary.state === 'paused';
    this.#stopReason = summary.state === 'stopping' ? (summary.endReason ?? 'stopped') : null;
    if (this.#stopReason !== null) this.#stopAgents.abort();
  }

  /** Searches until candidates, time or a person say that it is enough. */
  async run(): Promise<SearchEnd> {
    const { slots, agentsPerSlot } = this.#options;
    const deadline = setTimeout(() => this.#signal(), Math.max(0, Math.min(this.runRemainingMs(), 2 ** 31 - 1)));
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
    return timeLeft(this.#options.store.view, this.#now()).remainingMs;
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
    this.#signal();
  }

  /** Ends the search and goes on to the final selection. Agents are ended at once; evaluations only with `now`. */
  async stop(reason: string, { now }: { now: boolean }): Promise<void> {
    if (this.#stopReason === null) {
      this.#stopReason = reason;
      await this.#options.store.append({ type: 'run_stopping', reason });
    }
    this.#stopAgents.abort();
    if (now) this.#stopEvaluations.abort();
    this.#paused = false;
    this.#signal();
  }

  /** Leaves everything as it is, to be resumed. */
  interrupt(reason: string): void {
    this.#interruption ??= reason;
    this.#stopAgents.abort();
    this.#stopEvaluations.abort();
    this.#signal();
  }

  /** Queues what a person asks for. It is on disk when this resolves, and goes ahead of sampled work. */
  async request(request: string, body: PersonRequest): Promise<void> {
    if (this.#options.planner !== undefined)
      throw new RequestRefusedError('This run replays a recording: nothing can be added to it.');
    if (this.#stopReason !== null || this.#ended)
      throw new RequestRefusedError('The search is ending: nothing can be added. Start a new run of the same task.');
    await this.#options.store.append({ type: 'request_queued', request, body });
    this.#signal();
  }

  async #lane(slot: WorkerSlot): Promise<void> {
    try {
      while (!this.#out.has(slot.index)) {
        const candidate = await this.#nextCandidate(slot);
        if (candidate === null) return;
        try {
          await this.#work(candidate, slot);
        } finally {
          this.#active.delete(candidate.id);
          this.#signal();
        }
      }
    } catch (error) {
      // A fault of ours, or of the disk: end all lanes in order, so that the run can be resumed once it is mended.
      this.interrupt(`internal error: ${messageOf(error)}`);
      throw error;
    }
  }

  async #nextCandidate(slot: WorkerSlot): Promise<Candidate | null> {
    for (;;) {
      if (this.#interruption !== null) return null;
      const seen = this.#changes;
      const decision = await this.#exclusively(() => this.#decide(slot));
      if (decision === null) return null;
      if (decision === 'wait') {
        if (this.#changes === seen) await new Promise<void>((wake) => this.#waiting.push(wake));
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

  async #decide(slot: WorkerSlot): Promise<{ started: Promise<Candidate | 'again'> } | 'wait' | null> {
    if (this.#interruption !== null) return null;
    const { store } = this.#options;
    const waiting = this.#takeBacklog(slot);
    if (waiting !== null) return { started: Promise.resolve(waiting) };
    // What a person hands in takes no calls; an agent's work would find no money for them.
    const isAffordable = ({ body }: { body: PersonRequest }) =>
      body.kind === 'submit' || (this.#options.spendingEnd?.() ?? null) === null;
    const taken = new Set([...this.#announcing.values()].map((announcement) => announcement.request));
    const request = store.view.pending.find(
      (one) => one.body.kind !== 'reevaluate' && !taken.has(one.request) && isAffordable(one),
    );
    if (this.#stopReason === null && !this.#paused) {
      if (request !== undefined && request.body.kind !== 'reevaluate') {
        const plan = planRequest(request.request, request.body);
        return this.#start({ plan, body: request.body, seed: this.#generator.seed(), abandoned: null }, slot);
      }
      const planned = this.#budgetEnd() === null ? await this.#plan() : null;
      if (planned !== null && planned !== 'wait') return this.#start(planned, slot);
    }
    if (this.#paused) return 'wait';
    return this.#active.size + this.#backlog.length > 0 ? 'wait' : null;
  }

  /** Why no more candidates are to be started, or null. Abandoned ones do not count: they were nobody's failure. */
  #budgetEnd(): string | null {
    const { config, counts } = this.#options.store.view.summary;
    if (config.candidates !== null && this.#lastId - counts.abandoned >= config.candidates)
      return `all ${config.candidates} candidates are made`;
    return this.#options.spendingEnd?.() ?? timeLeft(this.#options.store.view, this.#now()).end;
  }

  /** Work found at a restart goes back to the slot it was on, whose worker may still have its sandbox. */
  #takeBacklog(slot: WorkerSlot): Candidate | null {
    const { view } = this.#options.store;
    const indices = new Set(this.#options.slots.map((other) => other.index).filter((other) => !this.#out.has(other)));
    const index = this.#backlog.findIndex(
      (item) => item.slot === null || item.slot === slot.index || !indices.has(item.slot),
    );
    const [item] = index < 0 ? [] : this.#backlog.splice(index, 1);
    const candidate = item === undefined ? undefined : view.candidates.get(item.id);
    if (candidate === undefined) return null;
    this.#active.add(candidate.id);
    return candidate;
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
    const candidate: Candidate = {
      id,
      operator: plan.operator,
      parents: plan.parents,
      origin: plan.origin,
      ...(plan.guidance === null ? {} : { guidance: plan.guidance }),
      state: 'running',
      slot: slot.index,
      seed,
      summary: body?.kind === 'submit' ? body.summary : '',
      author: plan.operator === 'human' ? 'person' : modelId,
      createdAt: this.#now(),
      endedAt: null,
      steps: 0,
      search: null,
      validation: null,
      test: null,
      failure: null,
      evaluation: [],
      suspiciouslyPerfect: false,
    };
    this.#active.add(id);
    const started = this.#announce(candidate, plan.request, abandoned);
    this.#announcing.set(id, { operator: plan.operator, request: plan.request, started });
    return { started };
  }

  /** @returns `again` if the candidate was given up as it was announced */
  async #announce(
    candidate: Candidate,
    request: string | null,
    abandoned: string | null,
  ): Promise<Candidate | 'again'> {
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
    if (abandoned === null) return store.view.candidates.get(id) ?? candidate;
    await this.#abandon(id, abandoned);
    this.#active.delete(id);
    this.#signal();
    return 'again';
  }

  async #work(candidate: Candidate, slot: WorkerSlot): Promise<void> {
    const { store, work, log } = this.#options;
    try {
      if (candidate.slot !== slot.index)
        await store.append({ type: 'candidate_placed', id: candidate.id, slot: slot.index });
      await work.perform(candidate, slot, {
        agents: this.#stopAgents.signal,
        evaluations: this.#stopEvaluations.signal,
      });
      this.#faultsInARow = 0;
    } catch (error) {
      if (error instanceof ProviderStoppedError) {
        log.error({ candidate: candidate.id, err: error }, 'the model provider cannot go on');
        this.interrupt(`the model provider cannot go on: ${error.message}`);
      } else if (error instanceof InterruptedError) {
        if (this.#interruption === null) await this.#abandon(candidate.id, this.#stopReason ?? error.message);
      } else if (work.isSlotOut(error)) this.#takeOut(slot, candidate.id, messageOf(error));
      else if (work.isInfrastructureFault(error)) await this.#putBack(candidate.id, messageOf(error));
      else throw error;
    }
  }

  /** A slot that is gone for good is no mark against the assignment: another slot takes it, or the run waits to be resumed. */
  #takeOut(slot: WorkerSlot, id: CandidateId, message: string): void {
    this.#options.log.error({ slot: slot.index, candidate: id, message }, 'a slot is out of service');
    this.#out.add(slot.index);
    this.#backlog.push({ id, slot: null });
    if (this.#out.size === this.#options.slots.length) this.interrupt(`no slot is left: ${message}`);
  }

  /** A fault of the machine puts the assignment back exactly once (invariant 5). */
  async #putBack(id: CandidateId, message: string): Promise<void> {
    const faults = (this.#faults.get(id) ?? 0) + 1;
    this.#faults.set(id, faults);
    this.#faultsInARow += 1;
    this.#options.log.warn({ candidate: id, faults, message }, 'infrastructure fault');
    if (this.#faultsInARow >= Math.max(faultsInARow, 2 * this.#options.slots.length)) {
      this.#backlog.push({ id, slot: null });
      this.interrupt(`${this.#faultsInARow} faults of the infrastructure in a row, the last: ${message}`);
      return;
    }
    if (faults > requeues) {
      await this.#abandon(id, `given up after ${faults} faults of the infrastructure, the last: ${message}`);
      return;
    }
    this.#backlog.push({ id, slot: null });
  }

  async #abandon(id: CandidateId, reason: string): Promise<void> {
    await this.#options.store.append({ type: 'candidate_abandoned', id, reason });
  }

  #signal(): void {
    this.#changes += 1;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function isUnfinished(candidate: Candidate): boolean {
  return candidate.state === 'running' || candidate.state === 'evaluating';
}
