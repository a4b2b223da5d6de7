/**
 * The events of a run for those who come late: the latest from memory, older ones from the log on disk, found by a mark at
 * every so many of them.
 */
import type { RunEvent } from '../../protocol/run.ts';
import type { JsonlLog } from './jsonlLog.ts';

/** Events in memory: hours of a search with slow candidates, seconds of one with instant ones. */
const mostRecent = 1024;
const markEvery = 256;

/** Memory holds only the latest events; older ones are asked for page by page. */
export class EventsNotInMemoryError extends Error {
  override readonly name = 'EventsNotInMemoryError';
  /** The first event that is in memory. */
  readonly firstSeq: number;
  constructor(sinceSeq: number, firstSeq: number) {
    super(`events after ${sinceSeq} begin before ${firstSeq}, the first in memory: read pages of them up to there`);
    this.firstSeq = firstSeq;
  }
}

export class EventPages {
  /** Newest last; up to twice `mostRecent` of them, so that dropping the oldest is rare. */
  #recent: RunEvent[] = [];
  /** Byte offsets of the events 1, 1 + markEvery, 1 + 2·markEvery, … */
  readonly #marks: number[] = [];
  #lastSeq = 0;

  /** @param offset where its line begins in the log @throws if it is not the next one */
  add(event: RunEvent, offset: number): void {
    if (event.seq !== this.#lastSeq + 1) throw new Error(`event ${event.seq} after ${this.#lastSeq}: one is missing`);
    this.#lastSeq = event.seq;
    if ((event.seq - 1) % markEvery === 0) this.#marks.push(offset);
    this.#recent.push(event);
    if (this.#recent.length > 2 * mostRecent) this.#recent = this.#recent.slice(-mostRecent);
  }

  /** All events after `sinceSeq`. @throws {EventsNotInMemoryError} */
  recent(sinceSeq: number): RunEvent[] {
    const firstSeq = this.#lastSeq - this.#recent.length + 1;
    const since = Math.max(0, sinceSeq);
    if (since + 1 < firstSeq) throw new EventsNotInMemoryError(sinceSeq, firstSeq);
    return this.#recent.slice(since + 1 - firstSeq);
  }

  /** The next `limit` events after `sinceSeq`, wherever they are. */
  async page(sinceSeq: number, limit: number, log: Pick<JsonlLog<RunEvent>, 'readFrom'>): Promise<RunEvent[]> {
    const since = Math.max(0, sinceSeq);
    const last = Math.min(this.#lastSeq, since + limit);
    const firstSeq = this.#lastSeq - this.#recent.length + 1;
    if (since + 1 >= firstSeq) return this.recent(since).slice(0, Math.max(0, limit));
    const found: RunEvent[] = [];
    const offset = this.#marks[Math.floor(since / markEvery)] ?? 0;
    await log.readFrom(offset, (event) => {
      if (event.seq > since && event.seq <= last) found.push(event);
      return event.seq < last;
    });
    return found;
  }
}
