/** Who comes from whom: the path that led to a candidate, and its nearest relatives. */
import type { Candidate, CandidateId } from '../../protocol/run.ts';

export interface Family {
  candidate(id: CandidateId): Candidate | null;
  childrenOf(id: CandidateId): readonly CandidateId[];
}

/** From the first draft to the candidate itself: of two parents, along the first. */
export function lineOfDescent(family: Family, id: CandidateId): CandidateId[] {
  const line: CandidateId[] = [];
  const seen = new Set<CandidateId>();
  for (let next: CandidateId | undefined = id; next !== undefined && !seen.has(next); ) {
    const candidate: Candidate | null = family.candidate(next);
    if (candidate === null) break;
    seen.add(next);
    line.push(next);
    next = candidate.parents[0];
  }
  return line.reverse();
}

/** Everyone whose program went into the candidate's, itself included: along both parents. */
export function ancestry(family: Family, id: CandidateId): Set<CandidateId> {
  const found = new Set<CandidateId>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    const candidate = family.candidate(next);
    if (candidate === null) continue;
    found.add(next);
    open.push(...candidate.parents);
  }
  return found;
}

export interface Neighbourhood {
  parents: CandidateId[];
  /** Other children of the first parent, newest first. */
  siblings: CandidateId[];
  children: CandidateId[];
  /** How many there are in all; the lists are cut. */
  total: { siblings: number; children: number };
}

/** @param most of siblings, and of children */
export function neighbourhood(family: Family, id: CandidateId, most = 50): Neighbourhood {
  const parents = [...new Set(family.candidate(id)?.parents ?? [])].filter(
    (parent) => family.candidate(parent) !== null,
  );
  const children = family.childrenOf(id);
  const first = parents[0];
  const siblings = first === undefined ? [] : family.childrenOf(first).filter((sibling) => sibling !== id);
  return {
    parents,
    siblings: siblings.slice(-most).reverse(),
    children: children.slice(0, most),
    total: { siblings: siblings.length, children: children.length },
  };
}
