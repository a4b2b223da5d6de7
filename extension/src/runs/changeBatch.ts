/**
 * Changes of runs, gathered for a moment: a hundred events a second are drawn a few times a second, and less often the more
 * rows there are to draw.
 */
import type { CandidateId, RunEvent, RunId } from '../../../protocol/run.ts';

export interface RunChanges {
  /** Rows that may look different. */
  candidates: Set<CandidateId>;
  /** The run's own row too, and with it everything below. */
  isRunStale: boolean;
}

export class ChangeBatch {
  readonly #runs = new Map<RunId, RunChanges>();
  readonly #flush: (changes: ReadonlyMap<RunId, RunChanges>) => void;
  readonly #waitMs: () => number;
  #timer: NodeJS.Timeout | null = null;

  /** @param waitMs how long to gather, asked when the first change comes in */
  constructor(flush: (changes: ReadonlyMap<RunId, RunChanges>) => void, waitMs: () => number) {
    this.#flush = flush;
    this.#waitMs = waitMs;
  }

  candidates(run: RunId, candidates: Iterable<CandidateId>): void {
    const changes = this.#of(run);
    for (const id of candidates) changes.candidates.add(id);
  }

  run(run: RunId): void {
    this.#of(run).isRunStale = true;
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#runs.clear();
  }

  #of(run: RunId): RunChanges {
    this.#timer ??= setTimeout(() => this.#end(), this.#waitMs());
    const known = this.#runs.get(run);
    if (known !== undefined) return known;
    const changes: RunChanges = { candidates: new Set(), isRunStale: false };
    this.#runs.set(run, changes);
    return changes;
  }

  #end(): void {
    this.#timer = null;
    const changes = new Map(this.#runs);
    this.#runs.clear();
    this.#flush(changes);
  }
}

/** Candidates whose rows an event may change. Of a new best, the one before it is not among them: see `bestOf`. */
export function touchedBy({ body }: RunEvent): CandidateId[] {
  switch (body.type) {
    case 'candidate_started':
      return [body.candidate.id];
    case 'candidate_placed':
    case 'candidate_idea':
    case 'candidate_submitted':
    case 'candidate_scored':
    case 'candidate_failed':
    case 'candidate_abandoned':
    case 'candidate_marked':
    case 'candidate_reevaluated':
      return [body.id];
    case 'unsealed':
      return [...body.scores.map(({ id }) => id), ...(body.selected === null ? [] : [body.selected])];
    default:
      return [];
  }
}

/** True for events after which the list itself, not only its rows, may be another: what waits, the run's state. */
export function changesList({ body }: RunEvent): boolean {
  return body.type === 'request_queued' || body.type === 'request_dropped' || body.type.startsWith('run_');
}
