/** In which order, and under whom, a run's candidates stand in the tree. */
import type { Candidate, CandidateId } from '../../../protocol/run.ts';
import { isBetter } from '../../../protocol/score.ts';
import type { Direction } from '../../../protocol/task.ts';
import type { Settings } from '../ids.ts';

export type Order = Settings['runs.order'];
export const orders: readonly Order[] = ['lineage', 'ranking', 'time'];

/** Candidates by the one they stand under; those at the top stand under 0. */
export type Layout = ReadonlyMap<CandidateId | 0, readonly CandidateId[]>;

export interface LayoutOptions {
  order: Order;
  direction: Direction;
  /** Words that all must be found in a candidate; in lineage, ancestors of what is found stay. */
  filter: string;
}

/**
 * `lineage`: each candidate under its first parent, oldest first. `ranking`: pinned first, then by score, then what is at
 * work, then what failed. `time`: newest first.
 */
export function layoutOf(candidates: ReadonlyMap<CandidateId, Candidate>, options: LayoutOptions): Layout {
  const kept = filtered(candidates, options);
  if (options.order === 'lineage') return lineage(kept);
  const all = [...kept.values()];
  if (options.order === 'time') return new Map([[0, all.sort((a, b) => b.id - a.id).map(({ id }) => id)]]);
  all.sort((a, b) => rankOf(a) - rankOf(b) || byScore(a, b, options.direction) || a.id - b.id);
  return new Map([[0, all.map(({ id }) => id)]]);
}

function lineage(candidates: ReadonlyMap<CandidateId, Candidate>): Layout {
  const layout = new Map<CandidateId | 0, CandidateId[]>();
  const inOrder = [...candidates.values()].sort((a, b) => a.id - b.id);
  for (const { id, parents } of inOrder) {
    const [first = 0] = parents;
    // A parent is always older; whatever says otherwise must not make a circle.
    const under = first < id && candidates.has(first) ? first : 0;
    const children = layout.get(under);
    if (children === undefined) layout.set(under, [id]);
    else children.push(id);
  }
  return layout;
}

function rankOf({ pinned, state }: Candidate): number {
  if (pinned === true) return 0;
  if (state === 'scored') return 1;
  if (state === 'evaluating') return 2;
  if (state === 'running') return 3;
  return state === 'failed' ? 4 : 5;
}

/** The better first; without a score last. */
export function byScore(a: Candidate, b: Candidate, direction: Direction): number {
  if (a.search === null || b.search === null) return (a.search === null ? 1 : 0) - (b.search === null ? 1 : 0);
  if (a.search.value === b.search.value) return 0;
  return isBetter(a.search.value, b.search.value, direction) ? -1 : 1;
}

/**
 * Candidates that fit the filter. Every word must be found: `#12` is the candidate itself, other words are looked for in
 * operator, state, idea, summary, author and marks.
 */
function filtered(
  candidates: ReadonlyMap<CandidateId, Candidate>,
  { filter, order }: LayoutOptions,
): ReadonlyMap<CandidateId, Candidate> {
  const words = filterWords(filter);
  if (words.length === 0) return candidates;
  const kept = new Map<CandidateId, Candidate>();
  for (const candidate of candidates.values()) {
    if (!fits(candidate, words)) continue;
    kept.set(candidate.id, candidate);
    if (order === 'lineage') keepAncestors(candidate, candidates, kept);
  }
  return kept;
}

function keepAncestors(
  { parents }: Candidate,
  candidates: ReadonlyMap<CandidateId, Candidate>,
  kept: Map<CandidateId, Candidate>,
): void {
  for (let id = parents[0]; id !== undefined && !kept.has(id); ) {
    const ancestor = candidates.get(id);
    if (ancestor === undefined) return;
    kept.set(id, ancestor);
    id = ancestor.parents[0];
  }
}

export function filterWords(filter: string): string[] {
  return filter.toLowerCase().split(/\s+/).filter(Boolean);
}

export function fits(candidate: Candidate, words: readonly string[]): boolean {
  const { operator, state, summary, idea = '', author, guidance = '' } = candidate;
  const marks = [
    candidate.pinned === true ? 'pinned' : '',
    candidate.excluded === true ? 'excluded' : '',
    candidate.suspiciouslyPerfect ? 'suspicious' : '',
  ];
  const text = [operator, state, summary, idea, author, guidance, ...marks].join('\n').toLowerCase();
  return words.every((word) => (/^#\d+$/.test(word) ? word === `#${candidate.id}` : text.includes(word)));
}
