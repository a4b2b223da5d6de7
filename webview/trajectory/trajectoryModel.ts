/** All that is known of one trajectory, and what follows from it: rows, times, failures. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import type { Candidate } from '../../protocol/run.ts';
import { Pages } from './pages.ts';
import { keepUnchanged, type Row, rowsOf } from './rows.ts';
import { type TimedEvent, type Timeline, timedEvent, timelineOf, type UnderWay } from './timeline.ts';

export class TrajectoryModel {
  readonly #pages = new Pages();
  readonly #tools = new Map<string, string>();
  readonly #timed: (TimedEvent | undefined)[] = [];
  #rows: Row[] | null = [];
  #rowsBefore: Row[] = [];
  #timeline: Timeline | null = null;
  #timedFor: Pick<Candidate, 'state' | 'submittedAt' | 'endedAt'> | null = null;
  #timedAt = 0;
  /** This machine's clock minus the server's, from events that came in live. */
  #ahead = 0;
  /** An event of the log in view: what is far from it may be dropped. */
  near = 0;

  get items(): readonly (TrajectoryItem | undefined)[] {
    return this.#pages.items;
  }

  get total(): number {
    return this.#pages.total;
  }

  get hasRoom(): boolean {
    return this.#pages.hasRoom;
  }

  /** Failures of tools among what has been loaded. */
  get failures(): number {
    return this.#timed.reduce((sum, event) => sum + (event?.failed === true ? 1 : 0), 0);
  }

  /** When the last event was, in milliseconds since the epoch of the server; null before the first. */
  get lastAt(): number | null {
    return this.#timed[this.#pages.total - 1]?.at ?? null;
  }

  isAbsent = (index: number): boolean => this.#pages.isAbsent(index);

  put(items: readonly TrajectoryItem[], total: number, asked: { from: number; limit: number } | null): void {
    const before = this.#pages.total;
    this.#pages.put(items, total, asked);
    for (const { event } of items)
      if (event.type === 'model') for (const { id, name } of event.calls) this.#tools.set(id, name);
    for (const item of items) this.#timed[item.index] = timedEvent(item, (id) => this.#tools.get(id) ?? null);
    const last = items.at(-1);
    if (last !== undefined && before > 0 && last.index >= before) this.#ahead = Date.now() - last.event.at;
    this.#pages.release(this.near);
    this.#rows = null;
    this.#timeline = null;
  }

  /** Milliseconds since the epoch, as the server's clock has it; never before the last event. */
  now(): number {
    return Math.max(this.lastAt ?? 0, Date.now() - this.#ahead);
  }

  get rows(): readonly Row[] {
    if (this.#rows === null) {
      const { items, total, isKnown } = this.#pages;
      this.#rows = keepUnchanged(this.#rowsBefore, rowsOf(items, total, isKnown));
      this.#rowsBefore = this.#rows;
    }
    return this.#rows;
  }

  /** What the agent does now, if its trajectory goes on, and since when; null before its first event. */
  get underWay(): (UnderWay & { since: number }) | null {
    const since = this.#lastEnd();
    if (since === null) return null;
    // A tool that the machine stood still with goes on.
    const last = this.rows.findLast((row) => row.kind !== 'event' || row.event.type !== 'stood_still');
    const open = last?.kind === 'step' ? last.acts.find(({ observation }) => observation === null) : undefined;
    if (open === undefined) return { activity: 'thinking', tool: null, since };
    return { activity: 'tools', tool: open.call.name, since };
  }

  /** When what is under way began: at the last event, or later by what the machine stood still after it. */
  #lastEnd(): number | null {
    let index = this.#pages.total - 1;
    let stillMs = 0;
    for (; (this.#timed[index]?.stillMs ?? 0) > 0; index--) stillMs += this.#timed[index]?.stillMs ?? 0;
    const at = this.#timed[index]?.at;
    return at === undefined ? this.lastAt : at + stillMs;
  }

  /**
   * What is under way grows with the clock, a second at a time.
   * @param isUp the run is not down: time goes by for those at work
   */
  timeline(candidate: Pick<Candidate, 'state' | 'submittedAt' | 'endedAt'>, isUp: boolean): Timeline {
    const now = isUp ? this.now() : (this.lastAt ?? 0);
    const isAtWork = candidate.state === 'running' || candidate.state === 'evaluating';
    const isOld = isAtWork && Math.abs(now - this.#timedAt) >= 900;
    if (this.#timeline === null || this.#timedFor !== candidate || isOld) {
      this.#timeline = timelineOf(this.#timed, this.#pages.total, candidate, now, isUp ? this.underWay : null);
      this.#timedAt = now;
      this.#timedFor = candidate;
    }
    return this.#timeline;
  }

  /** What is not loaded at an event or nearest to it, behind it first. */
  gapAt(index: number, most?: number): { from: number; limit: number } | null {
    return this.#pages.nextGap(index, 1, most) ?? this.#pages.nextGap(index, -1, most);
  }
}
