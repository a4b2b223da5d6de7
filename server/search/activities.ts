/** What is done on which slot at this moment, for people who watch; not stored. */
import type { CandidateId, RunEventBody } from '../../protocol/run.ts';

export interface Activity {
  candidate: CandidateId;
  slot: number;
  /** null: nothing any more. Of a candidate's own work its events tell the end, too. */
  doing: string | null;
  /** One more evaluation of a candidate that has come to its end: several can be under way at a time. */
  again?: true;
}

export interface CurrentActivity {
  candidate: CandidateId;
  slot: number;
  doing: string;
  /** Milliseconds since the epoch. */
  since: number;
}

export class Activities {
  readonly #current = new Map<string, CurrentActivity>();

  heard({ candidate, slot, doing, again }: Activity, now: number): void {
    const key = again === true ? `${candidate} on ${slot}` : String(candidate);
    if (doing === null) this.#current.delete(key);
    else this.#current.set(key, { candidate, slot, doing, since: now });
  }

  /** Takes in that a candidate has come to its end. */
  event(body: RunEventBody): void {
    if (body.type === 'candidate_scored' || body.type === 'candidate_failed' || body.type === 'candidate_abandoned')
      this.#current.delete(String(body.id));
  }

  /** All there is, as somebody else has told. */
  replace(all: readonly CurrentActivity[]): void {
    this.#current.clear();
    for (const [index, activity] of all.entries()) this.#current.set(`${index}`, activity);
  }

  /** Of one slot, or of all; oldest first. */
  list(slot?: number): CurrentActivity[] {
    const all = [...this.#current.values()].sort((a, b) => a.since - b.since);
    return slot === undefined ? all : all.filter((activity) => activity.slot === slot);
  }
}
