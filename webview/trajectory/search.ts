/** Words looked for in a trajectory. Events are searched once each, as they are loaded. */
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import { textsOf } from './eventFacts.ts';
import type { Row } from './rows.ts';

/** Finds the words as they are, whatever the case. Null where there is nothing to look for. */
export function searchPattern(words: string): RegExp | null {
  return words.trim() === '' ? null : new RegExp(words.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gi');
}

export class Search {
  readonly pattern: RegExp;
  /** How often the words stand in an event; nothing for events without. */
  readonly #found = new Map<number, number>();
  readonly #searched = new Set<number>();

  constructor(pattern: RegExp) {
    this.pattern = pattern;
  }

  /** How many times the words were found so far. */
  get count(): number {
    let sum = 0;
    for (const count of this.#found.values()) sum += count;
    return sum;
  }

  look(items: readonly (TrajectoryItem | undefined)[]): void {
    items.forEach((item) => {
      if (item === undefined || this.#searched.has(item.index)) return;
      this.#searched.add(item.index);
      const count = occurrences(item, this.pattern);
      if (count > 0) this.#found.set(item.index, count);
    });
  }

  /** The rows that have the words, by their place. */
  rows(rows: readonly Row[]): number[] {
    const has = (index: number) => this.#found.has(index);
    return rows.flatMap((row, at) => {
      if (row.kind === 'gap') {
        for (let index = row.index; index < row.end; index++) if (has(index)) return [at];
        return [];
      }
      if (has(row.index)) return [at];
      const below =
        row.kind === 'step' && row.acts.some(({ observation }) => observation !== null && has(observation.index));
      return below ? [at] : [];
    });
  }

  /** The next event that has not been searched, seen from `from` and going round at the end; null: all have been. */
  nextUnsearched(from: number, total: number, isAbsent: (index: number) => boolean): number | null {
    for (let ahead = 0; ahead < total; ahead++) {
      const index = (from + ahead) % total;
      if (!this.#searched.has(index) && !isAbsent(index)) return index;
    }
    return null;
  }

  /** How much has been searched, from 0 to 1. */
  share(total: number, isAbsent: (index: number) => boolean): number {
    let searched = 0;
    for (let index = 0; index < total; index++) if (this.#searched.has(index) || isAbsent(index)) searched++;
    return total === 0 ? 1 : searched / total;
  }

  /** Whether the words stand in this event. */
  has(index: number): boolean {
    return this.#found.has(index);
  }
}

function occurrences({ event }: TrajectoryItem, pattern: RegExp): number {
  let count = 0;
  for (const text of textsOf(event)) for (const _ of text.matchAll(pattern)) count++;
  return count;
}

/** The match after (1) or before (-1) the row `from`, going round at the ends; -1 for none. `matches` rise. */
export function nextMatch(matches: readonly number[], from: number, direction: 1 | -1): number {
  if (direction === 1) return matches.find((row) => row > from) ?? matches[0] ?? -1;
  return matches.findLast((row) => row < from) ?? matches.at(-1) ?? -1;
}
