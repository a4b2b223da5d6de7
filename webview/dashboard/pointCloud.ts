/** Candidates as points of a plane: time across, score up. Flat arrays, because ten thousand are drawn many times a second. */
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import { operators, states } from '../charts/marks.ts';
import type { ScoreDomain, ScoreScale } from '../charts/scoreScale.ts';
import type { PixelMap } from '../charts/viewport.ts';

/** `order`: the place of a candidate among those that have ended. */
export type Across = 'time' | 'order';

export interface PointCloud {
  count: number;
  id: Int32Array;
  /** Milliseconds since the run was created at which it ended (of one at work: now), or its place in the order of ends. */
  x: Float64Array;
  /** Coordinate of its score (`ScoreScale`); NaN: it has none, and stands on the strip below. */
  y: Float64Array;
  /** Places in `operators` and `states`. */
  operator: Uint8Array;
  state: Uint8Array;
  /** 1: its score lies below what the axis shows, and it is drawn at the edge. */
  clipped: Uint8Array;
  indexOf: Map<CandidateId, number>;
}

export interface CloudOptions {
  scale: ScoreScale;
  domain: ScoreDomain;
  across: Across;
  /** Candidates in the order in which they ended. */
  ended: readonly Candidate[];
  createdAt: number;
  /** Milliseconds since the epoch: where those stand that are at work. */
  now: number;
}

export function pointCloud(candidates: ReadonlyMap<CandidateId, Candidate>, options: CloudOptions): PointCloud {
  const { scale, domain, across, ended, createdAt, now } = options;
  const size = candidates.size;
  const cloud: PointCloud = {
    count: size,
    id: new Int32Array(size),
    x: new Float64Array(size),
    y: new Float64Array(size).fill(Number.NaN),
    operator: new Uint8Array(size),
    state: new Uint8Array(size),
    clipped: new Uint8Array(size),
    indexOf: new Map(),
  };
  let index = 0;
  for (const { id, endedAt, search, operator, state } of candidates.values()) {
    cloud.id[index] = id;
    cloud.indexOf.set(id, index);
    cloud.x[index] = across === 'order' ? ended.length + 1 : (endedAt ?? now) - createdAt;
    cloud.operator[index] = operators.indexOf(operator);
    cloud.state[index] = states.indexOf(state);
    if (search !== null) {
      const y = scale.coordinate(search.value);
      cloud.clipped[index] = y < domain.from ? 1 : 0;
      cloud.y[index] = Math.max(y, domain.from);
    }
    index += 1;
  }
  if (across === 'order')
    for (const [place, { id }] of ended.entries()) cloud.x[cloud.indexOf.get(id) ?? -1] = place + 1;
  raiseTheUnfinished(cloud, candidates);
  return cloud;
}

/** Those at work have no score yet: they stand at the height from which they set out, the mean of their parents. */
function raiseTheUnfinished(cloud: PointCloud, candidates: ReadonlyMap<CandidateId, Candidate>): void {
  for (const { id, endedAt, parents } of candidates.values()) {
    if (endedAt !== null || parents.length === 0) continue;
    const heights = parents.map((parent) => cloud.y[cloud.indexOf.get(parent) ?? -1] ?? Number.NaN);
    const index = cloud.indexOf.get(id);
    if (index !== undefined) cloud.y[index] = heights.reduce((sum, height) => sum + height, 0) / heights.length;
  }
}

export interface Edges {
  /** Pairs of places in the cloud: parent, child. */
  mutation: Int32Array;
  /** Both parents of each. */
  crossover: Int32Array;
}

/** Only between points that have a height: what failed hangs from nothing, or the plane would be full of falling lines. */
export function lineageEdges(cloud: PointCloud, candidates: ReadonlyMap<CandidateId, Candidate>): Edges {
  const mutation: number[] = [];
  const crossover: number[] = [];
  for (const { id, parents } of candidates.values()) {
    const child = cloud.indexOf.get(id);
    if (child === undefined || parents.length === 0 || Number.isNaN(cloud.y[child])) continue;
    const into = parents.length > 1 ? crossover : mutation;
    for (const parent of new Set(parents)) {
      const index = cloud.indexOf.get(parent);
      if (index !== undefined && !Number.isNaN(cloud.y[index])) into.push(index, child);
    }
  }
  return { mutation: Int32Array.from(mutation), crossover: Int32Array.from(crossover) };
}

/** Where a point is on the screen. */
export interface Placement {
  x: PixelMap;
  y: PixelMap;
  /** Vertical place of those without a score, in pixels. */
  strip: number;
}

/**
 * The point nearest to a place on the screen.
 * @param reach pixels; beyond, nothing is hit
 * @returns its place in the cloud, or null
 */
export function nearestPoint(
  cloud: PointCloud,
  place: Placement,
  px: number,
  py: number,
  reach: number,
): number | null {
  let found: number | null = null;
  let least = reach * reach;
  const [left, right] = [place.x.fromPixel(px - reach), place.x.fromPixel(px + reach)];
  for (let i = 0; i < cloud.count; i += 1) {
    const x = cloud.x[i] ?? 0;
    if (x < left || x > right) continue;
    const y = cloud.y[i] ?? Number.NaN;
    const [dx, dy] = [place.x.toPixel(x) - px, (Number.isNaN(y) ? place.strip : place.y.toPixel(y)) - py];
    const distance = dx * dx + dy * dy;
    // The later of two that lie on each other is drawn above.
    if (distance <= least) [found, least] = [i, distance];
  }
  return found;
}
