/**
 * The population as the search asks for it (§3.1): ranks, drafts, who is at work, who descends from whom. Kept up to date
 * event by event, so that no question costs more in a long run than in a short one.
 */
import type { RunView } from '../../protocol/projection.ts';
import type { Candidate, CandidateId, RunEventBody } from '../../protocol/run.ts';
import type { RunStore } from '../store/runStore.ts';
import { Ranking } from './rankSelection.ts';

/** A chain of programs that fail is mended so many times, then left alone. */
const mostRepairs = 3;

export class Population {
  /** Candidates that can be parents: scored ones that nobody has excluded. Failed ones are kept and shown, never sampled. */
  readonly ranking: Ranking;
  readonly #candidates: ReadonlyMap<CandidateId, Candidate>;
  /** Ascending. */
  readonly #drafts: CandidateId[] = [];
  readonly #atWork = new Set<CandidateId>();
  readonly #ranked = new Set<CandidateId>();
  readonly #children = new Map<CandidateId, CandidateId[]>();
  /** Failed with a program, and nobody has taken it up or excluded it: what a single-turn operator may mend. */
  readonly #repairable = new Set<CandidateId>();

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

  /** Candidates that can be parents. */
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

  /** The latest drafts before this candidate that are not at work any more, oldest first. */
  latestDrafts(count: number, before: CandidateId): Candidate[] {
    const found: CandidateId[] = [];
    for (let index = this.#drafts.length - 1; index >= 0 && found.length < count; index -= 1) {
      const id = this.#drafts[index] ?? 0;
      if (id < before && !this.#atWork.has(id)) found.unshift(id);
    }
    return this.#all(found);
  }

  /** 1 is best; null for one without a score, and for one that is excluded. */
  rankOf(id: CandidateId): number | null {
    const { search = null, excluded } = this.#candidates.get(id) ?? {};
    return search === null || excluded === true ? null : this.ranking.rankOf(search.value);
  }

  /** The best ones that can be parents, best first. */
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

  /** Programs that have failed and may be mended: nobody has tried yet, and not too many of their ancestors failed, too. */
  repairable(): CandidateId[] {
    return [...this.#repairable];
  }

  #all(ids: Iterable<CandidateId>): Candidate[] {
    return [...ids].flatMap((id) => this.#candidates.get(id) ?? []);
  }

  #apply(body: RunEventBody): void {
    if (body.type === 'candidate_started') this.#start(body.candidate);
    else if (body.type === 'candidate_marked') this.#mark(body.id);
    else if ('id' in body) this.#settle(body.id);
  }

  #start({ id, operator, parents }: Candidate): void {
    if (operator === 'draft') this.#drafts.push(id);
    for (const parent of parents) {
      const children = this.#children.get(parent);
      if (children === undefined) this.#children.set(parent, [id]);
      else children.push(id);
      this.#repairable.delete(parent);
    }
    this.#atWork.add(id);
  }

  /** Takes in that a candidate has come to its end, if it has. */
  #settle(id: CandidateId): void {
    const candidate = this.#candidates.get(id);
    if (candidate === undefined || candidate.state === 'running' || candidate.state === 'evaluating') return;
    if (this.#atWork.delete(id) && candidate.excluded !== true) this.#admit(candidate);
  }

  /** Takes in whether a candidate is excluded now. One that is at work is looked at when it has come to its end. */
  #mark(id: CandidateId): void {
    const candidate = this.#candidates.get(id);
    if (candidate === undefined || this.#atWork.has(id)) return;
    if (candidate.excluded !== true) this.#admit(candidate);
    else {
      this.#repairable.delete(id);
      if (this.#ranked.delete(id) && candidate.search !== null) this.ranking.remove(id, candidate.search.value);
    }
  }

  /** Among those that can be parents, if it can be one. Idempotent. */
  #admit(candidate: Candidate): void {
    const { id, state, search } = candidate;
    if (state === 'scored' && search !== null && !this.#ranked.has(id)) {
      this.#ranked.add(id);
      this.ranking.add(id, search.value);
    }
    if (isMendable(candidate) && this.#failuresAbove(candidate) < mostRepairs && this.children(id).length === 0)
      this.#repairable.add(id);
  }

  /** How many of its nearest ancestors failed without a success in between. */
  #failuresAbove(candidate: Candidate): number {
    let failures = 0;
    for (let at: Candidate | undefined = candidate; at !== undefined; failures += 1) {
      const [parent]: CandidateId[] = at.parents;
      at = parent === undefined ? undefined : this.#candidates.get(parent);
      if (at?.state !== 'failed') break;
    }
    return failures;
  }
}

/** It failed as a program; without a submission there is nothing to mend. */
function isMendable({ state, failure }: Candidate): boolean {
  return (
    state === 'failed' && failure !== null && failure.kind !== 'no_submission' && failure.kind !== 'bad_submission'
  );
}
