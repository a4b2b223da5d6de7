/**
 * What a comparison of runs is drawn from: when, in the run's own active time, each candidate came to its end. Pauses, outages
 * and downtime do not count, so it is read from the events, once, and then only from the new ones.
 */
import type { ComparedRun } from '../../../protocol/panels.ts';
import { applyEvent, openRunView, type RunView } from '../../../protocol/projection.ts';
import type { CandidateId, RunEvent, RunId } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';

const pageLimit = 2000;

export class ComparedRunReader {
  readonly run: RunId;
  #view: RunView | null = null;
  readonly #ends = new Map<CandidateId, number>();

  constructor(run: RunId) {
    this.run = run;
  }

  /** Up to now. @throws what the server refuses */
  async read(client: AgentServerClient): Promise<ComparedRun> {
    for (;;) {
      const sinceSeq = this.#view?.lastSeq ?? 0;
      const { events, lastSeq } = await client.request('run.events', { run: this.run, sinceSeq, limit: pageLimit });
      for (const event of events) this.#take(event);
      if (events.length === 0 || (events.at(-1)?.seq ?? lastSeq) >= lastSeq) break;
    }
    if (this.#view === null) throw new Error(`run ${this.run} has no events`);
    const { summary, candidates } = this.#view;
    const points = [...this.#ends].map(([candidate, activeMs]) => ({
      activeMs,
      candidate,
      search: candidates.get(candidate)?.search?.value ?? null,
      test: candidates.get(candidate)?.test?.value ?? null,
    }));
    return { summary: { ...summary }, points };
  }

  #take(event: RunEvent): void {
    // Another reading that was under way has brought it: the active time has gone on since.
    if (event.seq <= (this.#view?.lastSeq ?? 0)) return;
    if (this.#view === null) this.#view = openRunView(this.run, event);
    else applyEvent(this.#view, event);
    const { body } = event;
    if (body.type === 'candidate_scored' || body.type === 'candidate_failed')
      this.#ends.set(body.id, this.#view.summary.activeMs);
  }
}
