/** Axes on a canvas: faint lines at round places, their labels outside of the plot. */
import type { Brush } from './plane.ts';
import type { Tick } from './ticks.ts';
import type { PixelMap } from './viewport.ts';

/** A device pixel's middle, so that a line of one pixel is one pixel. */
export function crisp(place: number, ratio: number): number {
  return (Math.floor(place * ratio) + 0.5) / ratio;
}

export function drawLeftAxis({ ink, area, palette, ratio }: Brush, ticks: readonly Tick[], map: PixelMap): void {
  ink.lineWidth = 1 / ratio;
  ink.strokeStyle = palette.grid;
  ink.fillStyle = palette.muted;
  ink.textAlign = 'right';
  ink.textBaseline = 'middle';
  ink.setLineDash([]);
  ink.beginPath();
  for (const { position, label } of ticks) {
    const y = map.toPixel(position);
    if (y < area.top - 1 || y > area.top + area.height + 1) continue;
    ink.moveTo(area.left, crisp(y, ratio));
    ink.lineTo(area.left + area.width, crisp(y, ratio));
    ink.fillText(label, area.left - 8, y);
  }
  ink.globalAlpha = palette.outline === null ? 1 : 0.35;
  ink.stroke();
  ink.globalAlpha = 1;
}

/** @param bottom where the labels begin, in CSS pixels */
export function drawBottomAxis(
  { ink, area, palette, ratio }: Brush,
  ticks: readonly Tick[],
  map: PixelMap,
  bottom: number,
): void {
  ink.lineWidth = 1 / ratio;
  ink.strokeStyle = palette.muted;
  ink.fillStyle = palette.muted;
  ink.textBaseline = 'top';
  ink.setLineDash([]);
  ink.beginPath();
  ink.moveTo(area.left, crisp(bottom, ratio));
  ink.lineTo(area.left + area.width, crisp(bottom, ratio));
  for (const { position, label } of ticks) {
    const x = map.toPixel(position);
    if (x < area.left - 1 || x > area.left + area.width + 1) continue;
    ink.moveTo(crisp(x, ratio), bottom);
    ink.lineTo(crisp(x, ratio), bottom + 4);
    const width = ink.measureText(label).width;
    // At the ends a label moves inwards rather than being cut.
    const left = Math.min(Math.max(x - width / 2, area.left - 24), area.left + area.width - width + 6);
    ink.textAlign = 'left';
    ink.fillText(label, left, bottom + 7);
  }
  ink.stroke();
}

/** How many ticks fit, given what a label needs. */
export function tickCount(length: number, perTick: number): number {
  return Math.max(2, Math.floor(length / perTick));
}

/** Words that lines run behind, not through. In the ink's present colour. */
export function drawWords(ink: CanvasRenderingContext2D, ground: string, words: string, x: number, y: number): void {
  ink.save();
  ink.setLineDash([]);
  ink.lineJoin = 'round';
  ink.lineWidth = 3;
  ink.strokeStyle = ground;
  ink.strokeText(words, x, y);
  ink.restore();
  ink.fillText(words, x, y);
}
