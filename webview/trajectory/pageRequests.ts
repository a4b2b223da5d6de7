/** Which events are asked for, one answer at a time: what is in view, what a search has not seen, then the rest. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import type { Row } from './rows.ts';
import type { Search } from './search.ts';
import type { TrajectoryModel } from './trajectoryModel.ts';

/** An answer that takes longer than this, in milliseconds, is asked for again. */
const patience = 15_000;
/** Events that are asked for at once where nobody waits for the first of them. */
const mostAsked = 600;

export interface EventRange {
  from: number;
  limit: number;
}

export class PageRequests {
  readonly #send: (range: EventRange) => void;
  readonly #again: () => void;
  #asked: EventRange | null = null;
  #timer = 0;

  /** @param again is called when an answer has not come */
  constructor(send: (range: EventRange) => void, again: () => void) {
    this.#send = send;
    this.#again = again;
  }

  /** Forgets what was asked for: its answer is not waited for. */
  clear(): void {
    globalThis.clearTimeout(this.#timer);
    this.#asked = null;
  }

  /** @returns what these items answer; null: they came unasked */
  answered(items: readonly TrajectoryItem[]): EventRange | null {
    const asked = this.#asked;
    if (asked === null) return null;
    const end = asked.from + asked.limit;
    if (items.length > 0 && !items.some(({ index }) => index >= asked.from && index < end)) return null;
    this.clear();
    return asked;
  }

  /** Asks for what is wanted most, unless an answer is still to come. */
  next(model: TrajectoryModel, view: { first: number; last: number }, search: Search | null): void {
    if (this.#asked !== null || model.total === 0) return;
    const wanted = wantedRange(model, view, search);
    if (wanted === null) return;
    this.#asked = wanted;
    this.#timer = Number(
      globalThis.setTimeout(() => {
        this.clear();
        this.#again();
      }, patience),
    );
    this.#send(wanted);
  }
}

export function wantedRange(
  model: TrajectoryModel,
  view: { first: number; last: number },
  search: Search | null,
): EventRange | null {
  const { rows } = model;
  const first = Math.max(0, view.first);
  for (let place = first; place <= view.last; place++) {
    const row = rows[place];
    if (row?.kind === 'gap') return model.gapAt(eventInGap(row, place === first));
  }
  const near = rows[first]?.index ?? 0;
  model.near = near;
  const unsearched = search?.nextUnsearched(near, model.total, model.isAbsent) ?? null;
  if (unsearched !== null) return model.gapAt(unsearched, mostAsked);
  return model.hasRoom ? model.gapAt(near, mostAsked) : null;
}

/** A gap is as high as the steps that it stands for: of one that begins above the view, the end is what comes into it. */
function eventInGap(gap: Extract<Row, { kind: 'gap' }>, beginsAbove: boolean): number {
  return beginsAbove ? gap.end - 1 : gap.index;
}
