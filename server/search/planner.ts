/**
 * What the next free agent is to do: steady-state evolution's one decision (§3.1). Pure over the population and the seeded
 * generator; no clock, no effects.
 */
import type { Candidate, CandidateId, Operator, PersonRequest, RunConfig } from '../../protocol/run.ts';
import type { Generator } from './generator.ts';
import type { Population } from './population.ts';

export interface Plan {
  operator: Operator;
  parents: CandidateId[];
  origin: 'sampled' | 'person';
  request: string | null;
  guidance: string | null;
}

/** A candidate that was planned elsewhere, down to its seed. */
export interface PlannedCandidate {
  plan: Plan;
  seed: number;
  /** What a person had handed in, for `human`. */
  body: PersonRequest | null;
  /** Takes its number and is given up at once, for this reason: it came to nothing where it was planned. */
  abandoned: string | null;
}

/** Decides in place of sampling what a free lane makes next, e.g. as a recording says. */
export interface Planner {
  /** @returns `wait` while what comes next depends on work that is not done, null when there is nothing more to make */
  next(candidates: ReadonlyMap<CandidateId, Candidate>): Promise<PlannedCandidate | 'wait' | null>;
}

export type SearchSettings = Pick<RunConfig, 'crossover' | 'drafts' | 'search' | 'operators'>;

/**
 * A single-turn operator cannot run what it writes: what fails comes back as a parent to be mended, with the log of its run,
 * as often as a sound parent is improved (`debug_prob` of AIDE and aira-dojo).
 */
const repairShare = 0.5;

/** What a person asks for that makes a candidate. */
export type CandidateRequest = Exclude<PersonRequest, { kind: 'reevaluate' }>;

/** A person's request comes before any sampled work. */
export function planRequest(request: string, body: CandidateRequest): Plan {
  const common = { origin: 'person', request } as const;
  switch (body.kind) {
    case 'fork':
      return { ...common, operator: 'mutation', parents: [body.parent], guidance: body.guidance ?? null };
    case 'cross':
      return { ...common, operator: 'crossover', parents: [...body.parents], guidance: body.guidance ?? null };
    case 'submit':
      return { ...common, operator: 'human', parents: body.parent === undefined ? [] : [body.parent], guidance: null };
  }
}

/**
 * A draft while there is nobody to descend from, and for the first `drafts` candidates; else crossover with probability
 * `crossover` (two distinct parents), else mutation of one parent, all by temperature-scaled rank. Without evolution every
 * candidate is a draft; with single-turn operators every other mutation mends a program that has failed, if there is one.
 * @param draftsStarted those of the population, and those that are being announced
 */
export function planSampled(
  population: Population,
  draftsStarted: number,
  settings: SearchSettings,
  generator: Generator,
): Plan {
  const common = { origin: 'sampled', request: null, guidance: null } as const;
  const draft: Plan = { ...common, operator: 'draft', parents: [] };
  if (settings.search !== 'evolution' || draftsStarted < settings.drafts) return draft;

  const { ranking } = population;
  const failed = settings.operators === 'single-turn' ? population.repairable() : [];
  if (failed.length > 0 && generator.uniform() < repairShare) {
    const chosen = failed[Math.floor(generator.uniform() * failed.length)];
    if (chosen !== undefined) return { ...common, operator: 'mutation', parents: [chosen] };
  }
  if (ranking.size === 0) return draft;

  const crosses = generator.uniform() < settings.crossover && ranking.size >= 2;
  const first = ranking.draw(generator.uniform());
  if (!crosses) return { ...common, operator: 'mutation', parents: [first] };
  const second = ranking.drawOther(generator.uniform(), first);
  return { ...common, operator: 'crossover', parents: betterFirst(population, first, second) };
}

/** The better one first: operators are told so. Of equals the older one. */
function betterFirst(population: Population, a: CandidateId, b: CandidateId): CandidateId[] {
  const difference = (population.rankOf(a) ?? 0) - (population.rankOf(b) ?? 0);
  return difference < 0 || (difference === 0 && a < b) ? [a, b] : [b, a];
}

/** The candidate that a plan makes, as it is announced. */
export function newCandidate(
  id: CandidateId,
  { operator, parents, origin, guidance }: Plan,
  body: PersonRequest | null,
  { seed, slot, modelId, now }: { seed: number; slot: number; modelId: string; now: number },
): Candidate {
  return {
    id,
    operator,
    parents,
    origin,
    ...(guidance === null ? {} : { guidance }),
    state: 'running',
    slot,
    seed,
    summary: body?.kind === 'submit' ? body.summary : '',
    author: operator === 'human' ? 'person' : modelId,
    createdAt: now,
    endedAt: null,
    steps: 0,
    search: null,
    validation: null,
    test: null,
    failure: null,
    evaluation: [],
    suspiciouslyPerfect: false,
  };
}
