/**
 * The events that are loaded, and which to ask for next. All of a trajectory of ordinary length is kept; of one whose text
 * exceeds a bound, what is farthest from the view is dropped and asked for again when it is scrolled to.
 */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import { textsOf } from './eventFacts.ts';
import { gapSize } from './rows.ts';

/** Characters of text that are kept. A character takes up to two bytes. */
export const mostCharacters = 48_000_000;

/** Events that are asked for at once. */
export const pageSize = gapSize;

const pageOf = (index: number) => Math.floor(index / pageSize);

export class Pages {
  readonly items: (TrajectoryItem | undefined)[] = [];
  total = 0;
  readonly #bound: number;
  #known = new Uint8Array(1024);
  /** Characters of each page. */
  readonly #weights: number[] = [];
  #weight = 0;
  /** Something was dropped: from now on only what is in view is asked for. */
  #full = false;

  constructor(bound: number = mostCharacters) {
    this.#bound = bound;
  }

  isKnown = (index: number): boolean => this.#known[index] === 1;

  /** Whether the log has an event at this index that clients are not shown. */
  isAbsent = (index: number): boolean => this.isKnown(index) && this.items[index] === undefined;

  /** Whether every event is there. */
  get complete(): boolean {
    return this.nextGap(0, 1) === null;
  }

  /** How many of the events are there, from 0 to 1. */
  get share(): number {
    let known = 0;
    for (let index = 0; index < this.total; index++) known += this.#known[index] ?? 0;
    return this.total === 0 ? 1 : known / this.total;
  }

  /** Whether more should be loaded before anybody looks at it. */
  get hasRoom(): boolean {
    return !this.#full;
  }

  /**
   * Takes in what came. `asked`: the page that this answers. Up to its last item everything is known then, because the log may
   * have events that clients are not shown; where it brings nothing new, so is the rest.
   */
  put(items: readonly TrajectoryItem[], total: number, asked: { from: number; limit: number } | null = null): void {
    this.total = Math.max(this.total, total);
    const answers =
      asked === null ? [] : items.filter(({ index }) => index >= asked.from && index < asked.from + asked.limit);
    const isNew = answers.some(({ index }) => !this.isKnown(index));
    for (const item of items) this.#put(item);
    const last = answers.at(-1);
    if (asked === null) return;
    const end = last !== undefined && isNew ? last.index + 1 : asked.from + asked.limit;
    this.#know(asked.from, Math.min(this.total, end));
  }

  #put(item: TrajectoryItem): void {
    const { index } = item;
    const before = this.items[index];
    const weight = weightOf(item) - (before === undefined ? 0 : weightOf(before));
    this.items[index] = item;
    this.#know(index, index + 1);
    this.#weights[pageOf(index)] = (this.#weights[pageOf(index)] ?? 0) + weight;
    this.#weight += weight;
    this.total = Math.max(this.total, index + 1);
  }

  #know(from: number, to: number): void {
    if (to > this.#known.length) {
      const wider = new Uint8Array(Math.max(to, this.#known.length * 2));
      wider.set(this.#known);
      this.#known = wider;
    }
    this.#known.fill(1, from, to);
  }

  /** What to ask for at or after `index` (or before it), no more than `most` at once; null: all of it is there. */
  nextGap(index: number, direction: 1 | -1, most = pageSize): { from: number; limit: number } | null {
    for (
      let at = Math.min(Math.max(0, index), Math.max(0, this.total - 1));
      at >= 0 && at < this.total;
      at += direction
    ) {
      if (this.isKnown(at)) continue;
      let from = at;
      while (from % pageSize !== 0 && !this.isKnown(from - 1)) from--;
      let end = at + 1;
      while (end < this.total && end - from < most && !this.isKnown(end)) end++;
      return { from, limit: end - from };
    }
    return null;
  }

  /** Drops pages that are farthest from an event in view until the bound is kept. @returns whether anything was dropped. */
  release(near: number): boolean {
    let dropped = false;
    while (this.#weight > this.#bound) {
      const farthest = this.#farthest(pageOf(near));
      if (farthest === null) break;
      const from = farthest * pageSize;
      for (let index = from; index < from + pageSize && index < this.items.length; index++) delete this.items[index];
      this.#known.fill(0, from, from + pageSize);
      this.#weight -= this.#weights[farthest] ?? 0;
      this.#weights[farthest] = 0;
      this.#full = true;
      dropped = true;
    }
    return dropped;
  }

  #farthest(near: number): number | null {
    const { length } = this.#weights;
    for (let distance = length; distance > 1; distance--)
      for (const page of [near - distance, near + distance])
        if (page >= 0 && page < length && (this.#weights[page] ?? 0) > 0) return page;
    return null;
  }
}

function weightOf({ event }: TrajectoryItem): number {
  let weight = 200;
  for (const text of textsOf(event)) weight += text.length;
  return weight;
}
