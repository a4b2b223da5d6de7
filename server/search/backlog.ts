/** Started candidates that no lane is at: found at a restart, or put back. */
import type { Candidate, CandidateId } from '../../protocol/run.ts';

export class Backlog {
  readonly #waiting: { id: CandidateId; slot: number | null }[];

  constructor(candidates: Iterable<Candidate>) {
    this.#waiting = [...candidates].filter(isUnfinished).map(({ id, slot }) => ({ id, slot }));
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** For whichever slot is free first. */
  putBack(id: CandidateId): void {
    this.#waiting.push({ id, slot: null });
  }

  /**
   * The next one for a slot, or null. What was found at a restart goes back to where it was, whose worker may still have its
   * sandbox, unless that slot is not in service.
   */
  take(slot: number, isInService: (slot: number) => boolean): CandidateId | null {
    const index = this.#waiting.findIndex(
      (item) => item.slot === null || item.slot === slot || !isInService(item.slot),
    );
    const [item] = index < 0 ? [] : this.#waiting.splice(index, 1);
    return item?.id ?? null;
  }
}

function isUnfinished({ state }: Candidate): boolean {
  return state === 'running' || state === 'evaluating';
}
