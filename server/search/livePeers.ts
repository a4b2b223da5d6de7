/** What an agent hears of those who are at work beside it, and of the programs that the run has. */
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import type { ProgramFile } from '../../protocol/worker.ts';
import type { Peers } from '../agent/peers.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { duplicateWords } from './nearDuplicates/duplicateWords.ts';
import type { ProgramIndex } from './nearDuplicates/programIndex.ts';
import type { Population } from './population.ts';

/** Ideas told at a time: the newest. */
const mostIdeas = 10;

export interface LivePeersOptions {
  candidate: Candidate;
  /** What the agent was told when it began. */
  context: OperatorContext;
  /** Its trajectory so far: what it was told before a restart. */
  events: readonly TrajectoryEvent[];
  population: Pick<Population, 'atWork' | 'get'>;
  programs: Pick<ProgramIndex, 'nearest'>;
}

export class LivePeers implements Peers {
  readonly #options: LivePeersOptions;
  readonly #told: Set<CandidateId>;

  constructor(options: LivePeersOptions) {
    this.#options = options;
    const { context, events } = options;
    this.#told = new Set(context.inFlight.flatMap(({ id, summary }) => (summary === '' ? [] : [id])));
    for (const event of events)
      if (event.type === 'notice' && event.kind === 'peer_ideas')
        for (const [, id] of event.text.matchAll(/^- #(\d+) /gm)) this.#told.add(Number(id));
  }

  news(): string | null {
    const { population } = this.#options;
    const fresh = population
      .atWork()
      .filter((other) => other.idea !== undefined && !this.#told.has(other.id) && this.#isRival(other))
      .slice(-mostIdeas);
    if (fresh.length === 0) return null;
    for (const { id } of fresh) this.#told.add(id);
    const ideas = fresh.map(({ id, operator, idea }) => `- #${id} (${operator}): ${idea}`);
    return `Others at work have said what they try:\n${ideas.join('\n')}\nTry something else than they do.`;
  }

  async repeated(files: readonly ProgramFile[]) {
    const { candidate, population, programs } = this.#options;
    const found = await programs.nearest(files, candidate.id);
    if (found === null) return null;
    const { of, similarity } = found;
    return { duplicate: { of, similarity }, words: duplicateWords(found, population.get(of), files) };
  }

  /** Whose idea should be kept away from: another first program, or another child of the same parents. */
  #isRival(other: Candidate): boolean {
    const { candidate } = this.#options;
    if (other.id === candidate.id) return false;
    if (candidate.operator === 'draft') return other.operator === 'draft';
    return other.parents.some((parent) => candidate.parents.includes(parent));
  }
}
