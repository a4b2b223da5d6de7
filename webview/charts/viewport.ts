/**
 * Which part of an axis is in view. null: all of it, and growing with the data; a range: what a person has zoomed to, which
 * stays where it is while data comes in.
 */
import type { Range } from './scoreScale.ts';

export type View = Range | null;

/** No axis is zoomed in further than this share of itself. */
const smallest = 1e-6;

function span({ from, to }: Range): number {
  return to - from;
}

/**
 * Zooms by `factor` (below 1: in) around the place `anchor`, a share of the view from its beginning.
 * @returns null when all of `domain` is in view again
 */
export function zoom(view: View, domain: Range, factor: number, anchor: number): View {
  const now = view ?? domain;
  const size = Math.max(span(now) * factor, span(domain) * smallest);
  if (size >= span(domain)) return null;
  const fixed = now.from + anchor * span(now);
  return within({ from: fixed - anchor * size, to: fixed + (1 - anchor) * size }, domain);
}

/** Moves by a share of the view; the view never leaves the domain. All in view: nothing to move. */
export function pan(view: View, domain: Range, share: number): View {
  if (view === null) return null;
  const by = share * span(view);
  return within({ from: view.from + by, to: view.to + by }, domain);
}

/** Moves, without zooming, so that `place` is in view; what is in view already moves nothing under the pointer. */
export function bringIntoView(view: View, domain: Range, place: number): View {
  if (view === null || !Number.isFinite(place)) return view;
  if (place >= view.from && place <= view.to) return view;
  return within({ from: place - span(view) / 2, to: place + span(view) / 2 }, domain);
}

function within(view: Range, domain: Range): Range {
  const size = span(view);
  if (view.from < domain.from) return { from: domain.from, to: domain.from + size };
  if (view.to > domain.to) return { from: domain.to - size, to: domain.to };
  return view;
}

/** Linear map of an axis onto pixels; `reversed` for the vertical one, whose pixels run down. */
export interface PixelMap {
  toPixel(position: number): number;
  fromPixel(pixel: number): number;
}

export function pixelMap(range: Range, start: number, length: number, reversed = false): PixelMap {
  const perUnit = length / (span(range) || 1);
  return reversed
    ? {
        toPixel: (position) => start + length - (position - range.from) * perUnit,
        fromPixel: (pixel) => range.from + (start + length - pixel) / perUnit,
      }
    : {
        toPixel: (position) => start + (position - range.from) * perUnit,
        fromPixel: (pixel) => range.from + (pixel - start) / perUnit,
      };
}
