/**
 * The population as the search asks for it (§3.1): ranks, drafts, who is at work, who descends from whom. Kept up to date
 * event by event, so that no question costs more in a long run than in a short one.
 */
import type { RunView } from '../../protocol/projection.ts';
import type { Candidate, CandidateId, RunEventBody } from '../../protocol/run.ts';
import type { RunStore } from '../store/runStore.ts';
import { Ranking } from './rankSelection.ts';

export class Population {
  /** Candidates that can be parents: scored ones. Failed ones are kept and shown, never sampled. */
  readonly ranking: Ranking;
  readonly #candidates: ReadonlyMap<CandidateId, Candidate>;
  /** Ascending. */
  readonly #drafts: CandidateId[] = [];
  readonly #atWork = new Set<CandidateId>();
  readonly #children = new Map<CandidateId, CandidateId[]>();

  private constructor(view: RunView) {
    const { metric, config } = view.summary;
    this.ranking = new Ranking(metric.direction, config.temperature);
    this.#candidates = view.candidates;
    for (const candidate of view.candidates.values()) {
      this.#start(candidate);
      this.#settle(candidate.id);
    }
  }

  /** The population of a view as it is now. */
  static of(view: RunView): Population {
    return new Population(view);
  }

  /** One that goes with the run from now on. */
  static following(store: Pick<RunStore, 'view' | 'subscribe'>): Population {
    const population = new Population(store.view);
    store.subscribe(store.view.lastSeq, ({ body }) => population.#apply(body));
    return population;
  }

  get(id: CandidateId): Candidate | undefined {
    return this.#candidates.get(id);
  }

  /** Scored candidates. */
  get size(): number {
    return this.ranking.size;
  }

  /** Drafts that were started, whatever came of them. */
  get drafts(): number {
    return this.#drafts.length;
  }

  /** How many drafts were started before this candidate. */
  draftsBefore(id: CandidateId): number {
    const later = this.#drafts.findLastIndex((draft) => draft < id);
    return later + 1;
  }

  /** 1 is best; null for one without a score. */
  rankOf(id: CandidateId): number | null {
    const score = this.#candidates.get(id)?.search ?? null;
    return score === null ? null : this.ranking.rankOf(score.value);
  }

  /** The best ones, best first. */
  leaders(count: number): Candidate[] {
    return this.#all(this.ranking.best(count));
  }

  /** Started and not ended, oldest first. */
  atWork(): Candidate[] {
    return this.#all(this.#atWork);
  }

  /** Descendants in the first generation, oldest first. */
  children(id: CandidateId): readonly CandidateId[] {
    return this.#children.get(id) ?? [];
  }

  #all(ids: Iterable<CandidateId>): Candidate[] {
    return [...ids].flatMap((id) => this.#candidates.get(id) ?? []);
  }

  #apply(body: RunEventBody): void {
    if (body.type === 'candidate_started') this.#start(body.candidate);
    else if ('id' in body) this.#settle(body.id);
  }

  #start({ id, operator, parents }: Candidate): void {
    if (operator === 'draft') this.#drafts.push(id);
    for (const parent of parents) {
      const children = this.#children.get(parent);
      if (children === undefined) this.#children.set(parent, [id]);
      else children.push(id);
    }
    this.#atWork.add(id);
  }

  /** Takes in that a candidate has come to its end, if it has. */
  #settle(id: CandidateId): void {
    const candidate = this.#candidates.get(id);
    if (candidate === undefined || candidate.state === 'running' || candidate.state === 'evaluating') return;
    if (!this.#atWork.delete(id)) return;
    if (candidate.state === 'scored' && candidate.search !== null) this.ranking.add(id, candidate.search.value);
  }
}
