/**
 * A run as the dashboard holds it: the projection that everybody shares, and beside it what plots need and would be slow to
 * find anew ten times a second: who ended when, the best so far, who descends from whom.
 */
import type { SlotView } from '../../protocol/clientViews.ts';
import type { ReferenceLine, ToDashboardPanel } from '../../protocol/panels.ts';
import { activeMsAt, applyEvent, openSnapshot, type RunView } from '../../protocol/projection.ts';
import type { Candidate, CandidateId, RunEvent, RunEventBody, RunSummary } from '../../protocol/run.ts';
import { BestSoFar } from '../charts/bestSoFar.ts';
import { ServerClock } from './serverClock.ts';

export type DashboardReset = Extract<ToDashboardPanel, { type: 'reset' }>;

const noOne: readonly CandidateId[] = [];

export class RunModel {
  readonly title: string;
  readonly references: readonly ReferenceLine[];
  /** Candidates that have ended, in the order in which they did. */
  readonly ended: Candidate[];
  slots: readonly SlotView[] = [];
  /** Grows with every change: what was made from an older one is to be made again. */
  version = 0;
  readonly #view: RunView;
  readonly #clock: ServerClock;
  readonly #children = new Map<CandidateId, CandidateId[]>();
  readonly #running = new Set<CandidateId>();
  #best: BestSoFar;

  constructor(reset: DashboardReset, clock = new ServerClock()) {
    this.title = reset.title;
    this.references = reset.references;
    this.#clock = clock;
    this.#view = openSnapshot(reset);
    this.ended = reset.candidates
      .filter(({ endedAt }) => endedAt !== null)
      .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0) || a.id - b.id);
    for (const candidate of reset.candidates) {
      this.#descend(candidate);
      if (candidate.endedAt === null) this.#running.add(candidate.id);
    }
    this.#best = this.#bestAnew();
  }

  get summary(): RunSummary {
    return this.#view.summary;
  }

  get candidates(): ReadonlyMap<CandidateId, Candidate> {
    return this.#view.candidates;
  }

  /** Requests of a person that are not served yet, oldest first. */
  get pending(): RunView['pending'] {
    return this.#view.pending;
  }

  /** At work or being evaluated. */
  get running(): ReadonlySet<CandidateId> {
    return this.#running;
  }

  /** Best search score over the milliseconds since the run was created; what a person has excluded does not count. */
  get best(): BestSoFar {
    return this.#best;
  }

  candidate(id: CandidateId | null): Candidate | null {
    return id === null ? null : (this.#view.candidates.get(id) ?? null);
  }

  childrenOf(id: CandidateId): readonly CandidateId[] {
    return this.#children.get(id) ?? noOne;
  }

  /** Milliseconds since the epoch on the server's clock; of a run that has ended, its end. */
  now(): number {
    return this.summary.endedAt ?? Math.max(this.#clock.now(), this.ended.at(-1)?.endedAt ?? 0);
  }

  /** Milliseconds since the run was created. */
  elapsed(): number {
    return Math.max(0, this.now() - this.summary.createdAt);
  }

  /** Milliseconds in which the run was active: pauses, outages and downtime left out. */
  activeMs(): number {
    return activeMsAt(this.#view, this.#clock.now());
  }

  /** @throws if an event is missing: what is shown must then be fetched anew. */
  apply(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.seq <= this.#view.lastSeq) continue;
      this.#clock.heard(event.at);
      applyEvent(this.#view, event);
      this.#note(event.body, event.at);
    }
    this.version += 1;
  }

  showSlots(slots: readonly SlotView[]): void {
    this.slots = slots;
    this.version += 1;
  }

  #note(body: RunEventBody, at: number): void {
    switch (body.type) {
      case 'candidate_started': {
        const candidate = this.candidate(body.candidate.id);
        if (candidate !== null) this.#descend(candidate);
        this.#running.add(body.candidate.id);
        return;
      }
      case 'candidate_scored':
      case 'candidate_failed':
      case 'candidate_abandoned': {
        const candidate = this.candidate(body.id);
        this.#running.delete(body.id);
        if (candidate !== null) this.ended.push(candidate);
        if (body.type === 'candidate_scored' && candidate?.excluded !== true)
          this.#best.add(body.id, at - this.summary.createdAt, body.search, body.lead);
        return;
      }
      case 'candidate_marked':
        if (body.excluded !== undefined) this.#best = this.#bestAnew();
    }
  }

  #bestAnew(): BestSoFar {
    const { metric, clearBest, createdAt } = this.summary;
    const best = new BestSoFar(metric);
    for (const { id, endedAt, search, excluded } of this.ended)
      if (search !== null && excluded !== true) best.add(id, (endedAt ?? 0) - createdAt, search);
    if (clearBest !== null) best.markClear(clearBest.candidate);
    return best;
  }

  #descend({ id, parents }: Candidate): void {
    for (const parent of new Set(parents)) {
      const children = this.#children.get(parent);
      if (children === undefined) this.#children.set(parent, [id]);
      else children.push(id);
    }
  }
}
