/** Paints slots over time: agents light and framed, evaluations solid, idle stretches as a thin dotted line. */
import { crisp } from '../charts/axes.ts';
import type { Brush } from '../charts/plane.ts';
import type { PixelMap } from '../charts/viewport.ts';
import type { Bar, SlotStrip } from './gantt.ts';

export interface Lane {
  strip: SlotStrip;
  /** CSS pixels. */
  top: number;
  rowHeight: number;
}

/** Slots below each other, as high as there is room for. */
export function lanes(strips: readonly SlotStrip[], top: number, height: number): Lane[] {
  const rows = strips.reduce((sum, strip) => sum + strip.rows, 0);
  const rowHeight = rowHeightFor(rows, strips.length, height);
  let next = top;
  return strips.map((strip) => {
    const lane = { strip, top: next, rowHeight };
    next += strip.rows * rowHeight + gap;
    return lane;
  });
}

const gap = 6;
const [lowest, highest] = [8, 32];

function rowHeightFor(rows: number, slots: number, height: number): number {
  return Math.max(lowest, Math.min(highest, Math.floor((height - slots * gap) / Math.max(1, rows))));
}

/** What the lanes need at least, in CSS pixels. */
export function leastHeight(strips: readonly SlotStrip[]): number {
  return strips.reduce((sum, strip) => sum + strip.rows * lowest + gap, 0);
}

/** What they take at most. */
export function mostHeight(strips: readonly SlotStrip[]): number {
  return strips.reduce((sum, strip) => sum + strip.rows * highest + gap, 0);
}

export function barTop({ top, rowHeight }: Lane, { row }: Bar): number {
  return top + row * rowHeight;
}

export function drawLane(brush: Brush, lane: Lane, x: PixelMap, failed: (candidate: number) => boolean): void {
  const { ink, area, palette, ratio } = brush;
  const { strip, rowHeight } = lane;
  const right = area.left + area.width;
  const height = Math.max(3, rowHeight - 2);
  ink.strokeStyle = palette.muted;
  ink.globalAlpha = 0.7;
  ink.lineWidth = 1;
  ink.setLineDash([1, 4]);
  ink.beginPath();
  const middle = crisp(lane.top + (strip.rows * rowHeight) / 2, ratio);
  for (const { from, to } of strip.idle) {
    const [start, end] = [Math.max(area.left, x.toPixel(from)), Math.min(right, x.toPixel(to))];
    if (end - start < 3) continue;
    ink.moveTo(start, middle);
    ink.lineTo(end, middle);
  }
  ink.stroke();
  ink.setLineDash([]);
  ink.globalAlpha = 1;
  const bars = strip.bars.filter(({ from, to }) => x.toPixel(to) >= area.left && x.toPixel(from) <= right);
  const part = (from: number, to: number): [left: number, width: number] => {
    const [start, end] = [Math.max(area.left, x.toPixel(from)), Math.min(right, x.toPixel(to))];
    return [start, Math.max(0, end - start)];
  };
  // One colour after the other: a canvas is slow at changing them.
  ink.fillStyle = palette.scored;
  ink.globalAlpha = 0.35;
  for (const bar of bars) {
    const [left, width] = part(bar.from, bar.submitted);
    if (width > 0) ink.fillRect(left, barTop(lane, bar), Math.max(width, 0.75), height);
  }
  ink.globalAlpha = 1;
  ink.fillStyle = palette.evaluating;
  for (const bar of bars) {
    const [left, width] = part(bar.submitted, bar.to);
    if (width > 0) ink.fillRect(left, barTop(lane, bar), Math.max(width, 0.75), height);
  }
  ink.strokeStyle = palette.outline ?? palette.scored;
  ink.beginPath();
  for (const bar of bars) {
    const [left, width] = part(bar.from, bar.to);
    // A frame needs some pixels inside, or it would be all that one sees.
    if (width > 5) ink.rect(crisp(left, ratio), crisp(barTop(lane, bar), ratio), width - 1, height - 1);
  }
  ink.stroke();
  ink.fillStyle = palette.failed;
  for (const bar of bars)
    if (failed(bar.candidate) && x.toPixel(bar.to) <= right)
      ink.fillRect(x.toPixel(bar.to) - 2, barTop(lane, bar), 2, height);
  drawNumbers(brush, lane, bars, part, height);
}

/** Numbers of candidates, where a bar has room for its own. */
function drawNumbers(
  { ink, palette }: Brush,
  lane: Lane,
  bars: readonly Bar[],
  part: (from: number, to: number) => [number, number],
  height: number,
): void {
  if (height < 13) return;
  ink.fillStyle = palette.foreground;
  ink.textAlign = 'left';
  ink.textBaseline = 'middle';
  for (const bar of bars) {
    const [left, width] = part(bar.from, bar.submitted);
    if (width < 24) continue;
    const label = `#${bar.candidate}`;
    if (ink.measureText(label).width + 8 <= width) ink.fillText(label, left + 5, barTop(lane, bar) + height / 2 + 0.5);
  }
}
