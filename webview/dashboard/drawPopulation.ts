/** Paints a population: lines of descent, the best so far, marks of candidates, lines of reference. */
import { crisp, drawWords } from '../charts/axes.ts';
import type { MarkLayer } from '../charts/markLayer.ts';
import { operators, states } from '../charts/marks.ts';
import { plainLine } from '../charts/plainLine.ts';
import type { Brush } from '../charts/plane.ts';
import type { PixelMap } from '../charts/viewport.ts';
import type { PointCloud } from './pointCloud.ts';
import type { PlacedReference, PopulationScene } from './populationScene.ts';

export interface Maps {
  x: PixelMap;
  y: PixelMap;
  /** Vertical place of what has no score. */
  strip: number;
}

/** Restricts what is drawn to the plot, with a little room for marks on its edge. */
export function clipped({ ink, area }: Brush, room: { below: number }, draw: () => void): void {
  ink.save();
  ink.beginPath();
  ink.rect(area.left - 6, area.top - 6, area.width + 12, area.height + 6 + room.below);
  ink.clip();
  draw();
  ink.restore();
}

/** Lines in one stroke: longer paths make a software renderer slow, shorter ones cost calls. */
const perStroke = 400;
/** More dashed lines than this are drawn without dashes while they move. */
const dashedWhileMoving = 150;

export function drawEdges(brush: Brush, maps: Maps, { cloud, edges }: PopulationScene): void {
  const { ink, palette, moving } = brush;
  const count = (edges.mutation.length + edges.crossover.length) / 2;
  ink.lineWidth = 1 / brush.ratio;
  ink.strokeStyle = palette.muted;
  ink.globalAlpha = Math.min(0.75, Math.max(0.16, 7 / Math.sqrt(count + 1)));
  ink.setLineDash([]);
  strokePairs(brush, maps, cloud, edges.mutation);
  if (!moving || edges.crossover.length / 2 < dashedWhileMoving) ink.setLineDash([4, 3]);
  strokePairs(brush, maps, cloud, edges.crossover);
  ink.setLineDash([]);
  ink.globalAlpha = 1;
}

function strokePairs({ ink, area }: Brush, { x, y }: Maps, cloud: PointCloud, pairs: Int32Array): void {
  const [left, right, top, bottom] = [area.left, area.left + area.width, area.top, area.top + area.height];
  let open = 0;
  ink.beginPath();
  for (let i = 0; i < pairs.length; i += 2) {
    const [from, to] = [pairs[i] ?? 0, pairs[i + 1] ?? 0];
    const [x0, x1] = [x.toPixel(cloud.x[from] ?? 0), x.toPixel(cloud.x[to] ?? 0)];
    const [y0, y1] = [y.toPixel(cloud.y[from] ?? 0), y.toPixel(cloud.y[to] ?? 0)];
    if (Math.max(x0, x1) < left || Math.min(x0, x1) > right) continue;
    if (Math.max(y0, y1) < top || Math.min(y0, y1) > bottom) continue;
    if (Math.abs(x1 - x0) + Math.abs(y1 - y0) < 2) continue;
    ink.moveTo(x0, y0);
    ink.lineTo(x1, y1);
    open += 1;
    if (open < perStroke) continue;
    ink.stroke();
    ink.beginPath();
    open = 0;
  }
  ink.stroke();
}

/** @param excluded ids that a person has taken out of the search */
export function drawMarks(
  { ink, area, palette }: Brush,
  { x, y, strip }: Maps,
  cloud: PointCloud,
  layer: MarkLayer,
  excluded: ReadonlySet<number>,
): void {
  // Where thousands of marks lie on each other, one of each kind per cell of two pixels looks the same.
  const crowded = cloud.count > 2000;
  const columns = Math.ceil(area.width / 2) + 8;
  const taken = crowded ? new Set<number>() : null;
  const [left, right, top, bottom] = [
    area.left - 6,
    area.left + area.width + 6,
    area.top - 6,
    area.top + area.height + 6,
  ];
  for (let i = 0; i < cloud.count; i += 1) {
    const px = x.toPixel(cloud.x[i] ?? 0);
    if (px < left || px > right) continue;
    const height = cloud.y[i] ?? Number.NaN;
    const scoreless = Number.isNaN(height);
    const py = scoreless ? strip : y.toPixel(height);
    if (!scoreless && (py < top || py > bottom)) continue;
    const out = excluded.size > 0 && excluded.has(cloud.id[i] ?? 0);
    const [operator, state] = [operators[cloud.operator[i] ?? 0], states[cloud.state[i] ?? 0]];
    if (operator === undefined || state === undefined) continue;
    const key = ((cloud.operator[i] ?? 0) * states.length + (cloud.state[i] ?? 0)) * 2 + (out ? 1 : 0);
    if (taken !== null) {
      const cell = ((((py - top) >> 1) * columns + ((px - left) >> 1)) << 6) | key;
      if (taken.has(cell)) continue;
      taken.add(cell);
    }
    layer.put({ operator, state, excluded: out }, px, py, key);
  }
  drawClipped(ink, palette.muted, cloud, x, y);
}

/** A small arrow under those whose scores lie further down than the axis goes. */
function drawClipped(ink: CanvasRenderingContext2D, color: string, cloud: PointCloud, x: PixelMap, y: PixelMap): void {
  ink.strokeStyle = color;
  ink.lineWidth = 1.2;
  ink.beginPath();
  for (let i = 0; i < cloud.count; i += 1) {
    if (cloud.clipped[i] !== 1) continue;
    const [px, py] = [x.toPixel(cloud.x[i] ?? 0), y.toPixel(cloud.y[i] ?? 0) + 8];
    ink.moveTo(px - 3, py);
    ink.lineTo(px, py + 3);
    ink.lineTo(px + 3, py);
  }
  ink.stroke();
}

/** The best so far as a step line, up to the present. */
export function drawBestLine({ ink, palette }: Brush, { x, y }: Maps, scene: PopulationScene, until: number): void {
  const [first] = scene.best;
  if (first === undefined) return;
  ink.beginPath();
  ink.moveTo(x.toPixel(first.x), y.toPixel(first.y));
  let height = y.toPixel(first.y);
  for (const step of scene.best) {
    ink.lineTo(x.toPixel(step.x), height);
    height = y.toPixel(step.y);
    ink.lineTo(x.toPixel(step.x), height);
  }
  ink.lineTo(x.toPixel(until), height);
  ink.lineWidth = 2;
  ink.strokeStyle = palette.best;
  ink.stroke();
}

/** A ring round what was better beyond noise, with its number where there is room. */
export function drawClearBests({ ink, palette }: Brush, { x, y }: Maps, scene: PopulationScene, radius: number): void {
  ink.strokeStyle = palette.best;
  ink.fillStyle = palette.foreground;
  ink.lineWidth = 1.5;
  ink.textAlign = 'center';
  ink.textBaseline = 'bottom';
  let free = Number.POSITIVE_INFINITY;
  for (const step of scene.best.filter(({ clear }) => clear).reverse()) {
    const [px, py] = [x.toPixel(step.x), y.toPixel(step.y)];
    ink.beginPath();
    ink.arc(px, py, radius + 3.5, 0, 2 * Math.PI);
    ink.stroke();
    const label = `#${step.candidate}`;
    const half = ink.measureText(label).width / 2;
    // The latest ones come first: they are what a reader looks for.
    if (px + half > free - 4) continue;
    drawWords(ink, palette.background, label, px, py - radius - 6);
    free = px - half;
  }
}

/** Horizontal lines across the plot, named at the right; those out of sight are named at the edge behind which they lie. */
export function drawReferences(
  { ink, area, palette, ratio }: Brush,
  { y }: Maps,
  references: readonly PlacedReference[],
): void {
  const bottom = area.top + area.height;
  const placed = references.map((line) => ({ ...line, py: y.toPixel(line.coordinate) })).sort((a, b) => a.py - b.py);
  ink.lineWidth = Math.max(1, 1 / ratio);
  ink.textAlign = 'right';
  ink.textBaseline = 'bottom';
  let free = Number.NEGATIVE_INFINITY;
  for (const { kind, name, py } of placed) {
    const seen = py >= area.top && py <= bottom;
    if (seen) {
      ink.strokeStyle = palette.reference;
      ink.setLineDash(kind === 'medal' ? [7, 4] : [2, 3]);
      ink.beginPath();
      ink.moveTo(area.left, crisp(py, ratio));
      ink.lineTo(area.left + area.width, crisp(py, ratio));
      ink.stroke();
    }
    const label = `${plainLine(name, 40)}${seen ? '' : py < area.top ? ' ↑' : ' ↓'}`;
    const base = Math.max(Math.min(Math.max(py - 2, area.top + 12), bottom - 2), free + 13);
    if (base > bottom) continue;
    free = base;
    // The plot's own ground behind the word, so that lines and marks do not run through it.
    const width = ink.measureText(label).width;
    ink.fillStyle = palette.background;
    ink.globalAlpha = 0.75;
    ink.fillRect(area.left + area.width - width - 6, base - 12, width + 6, 13);
    ink.globalAlpha = 1;
    ink.fillStyle = palette.reference;
    ink.fillText(label, area.left + area.width - 3, base);
  }
  ink.setLineDash([]);
}

/** Every edge between members of a family, over all else. */
export function drawFamily(
  { ink, palette }: Brush,
  { x, y }: Maps,
  { cloud, edges }: PopulationScene,
  family: ReadonlySet<number>,
  line: ReadonlySet<number>,
): void {
  const stroke = (pairs: Int32Array, dashed: boolean, main: boolean) => {
    ink.beginPath();
    for (let i = 0; i < pairs.length; i += 2) {
      const [from, to] = [pairs[i] ?? 0, pairs[i + 1] ?? 0];
      const [parent, child] = [cloud.id[from] ?? 0, cloud.id[to] ?? 0];
      if (!family.has(parent) || !family.has(child)) continue;
      if ((line.has(parent) && line.has(child)) !== main) continue;
      ink.moveTo(x.toPixel(cloud.x[from] ?? 0), y.toPixel(cloud.y[from] ?? 0));
      ink.lineTo(x.toPixel(cloud.x[to] ?? 0), y.toPixel(cloud.y[to] ?? 0));
    }
    ink.setLineDash(dashed ? [5, 3] : []);
    ink.lineWidth = main ? 2.2 : 1.2;
    ink.stroke();
  };
  ink.strokeStyle = palette.best;
  for (const main of [false, true]) {
    stroke(edges.mutation, false, main);
    stroke(edges.crossover, true, main);
  }
  ink.setLineDash([]);
}
