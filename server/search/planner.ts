/**
 * What the next free agent is to do: steady-state evolution's one decision (§3.1). Pure over the population and the seeded
 * generator; no clock, no effects.
 */
import type { Candidate, CandidateId, Operator, PersonRequest } from '../../protocol/run.ts';
import type { Direction } from '../../protocol/task.ts';
import type { Generator } from './generator.ts';
import { chooseIndex, selectionProbabilities, without } from './rankSelection.ts';

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

export interface SearchSettings {
  temperature: number;
  crossover: number;
  drafts: number;
  direction: Direction;
}

/** Candidates that can be parents: scored ones. Failed ones are kept and shown, never sampled. */
export function eligibleParents(candidates: Iterable<Candidate>): (Candidate & { search: { value: number } })[] {
  const eligible: (Candidate & { search: { value: number; standardError: number; rows: number } })[] = [];
  for (const candidate of candidates)
    if (candidate.state === 'scored' && candidate.search !== null)
      eligible.push({ ...candidate, search: candidate.search });
  return eligible;
}

/** A person's request comes before any sampled work. */
export function planRequest(request: string, body: PersonRequest): Plan {
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
 * `crossover` (two distinct parents), else mutation of one parent, all by temperature-scaled rank.
 */
export function planSampled(
  candidates: ReadonlyMap<CandidateId, Candidate>,
  settings: SearchSettings,
  generator: Generator,
): Plan {
  const common = { origin: 'sampled', request: null, guidance: null } as const;
  const parents = eligibleParents(candidates.values());
  const draftsStarted = [...candidates.values()].filter((candidate) => candidate.operator === 'draft').length;
  if (parents.length === 0 || draftsStarted < settings.drafts) return { ...common, operator: 'draft', parents: [] };

  const scores = parents.map((parent) => parent.search.value);
  const probabilities = selectionProbabilities(scores, settings.direction, settings.temperature);
  const crosses = generator.uniform() < settings.crossover && parents.length >= 2;
  const first = chooseIndex(probabilities, generator.uniform());
  const firstId = parents[first]?.id;
  if (firstId === undefined) throw new RangeError(`no parent ${first}`);
  if (!crosses) return { ...common, operator: 'mutation', parents: [firstId] };

  const second = chooseIndex(without(probabilities, first), generator.uniform());
  const secondId = parents[second]?.id;
  if (secondId === undefined) throw new RangeError(`no parent ${second}`);
  // The better one first: operators are told so.
  const ordered =
    (scores[first] ?? 0) === (scores[second] ?? 0)
      ? firstId < secondId
      : isFirstBetter(scores, first, second, settings.direction);
  return { ...common, operator: 'crossover', parents: ordered ? [firstId, secondId] : [secondId, firstId] };
}

function isFirstBetter(scores: readonly number[], first: number, second: number, direction: Direction): boolean {
  const difference = (scores[first] ?? 0) - (scores[second] ?? 0);
  return direction === 'minimize' ? difference < 0 : difference > 0;
}
