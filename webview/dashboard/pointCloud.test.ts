import assert from 'node:assert/strict';
import test from 'node:test';
import type { Candidate } from '../../protocol/run.ts';
import { candidate, scored } from '../../test/support/candidates.ts';
import { scoreScale } from '../charts/scoreScale.ts';
import { pixelMap } from '../charts/viewport.ts';
import { lineageEdges, nearestPoint, pointCloud } from './pointCloud.ts';

const scale = scoreScale('minimize', 'linear', []);
const members = (...candidates: Candidate[]) => new Map(candidates.map((one) => [one.id, one]));
const cloudOf = (all: Map<number, Candidate>) =>
  pointCloud(all, {
    scale,
    domain: { from: -1, to: 0, clipped: 0 },
    across: 'time',
    ended: [],
    createdAt: 1000,
    now: 9000,
  });

const run = members(
  scored(1, 0.5, { endedAt: 2000 }),
  scored(2, 0.4, { endedAt: 3000 }),
  scored(3, 0.3, { endedAt: 4000, operator: 'crossover', parents: [1, 2] }),
  candidate(4, { endedAt: 5000, state: 'failed', operator: 'mutation', parents: [3] }),
  candidate(5, { operator: 'mutation', parents: [3] }),
  candidate(6, { operator: 'crossover', parents: [1, 3] }),
  scored(7, 80, { endedAt: 6000, operator: 'mutation', parents: [3] }),
  candidate(8),
);

test('points stand at the end of their work; those at work stand at the present, at the height of their parents', () => {
  const cloud = cloudOf(run);
  assert.deepEqual([...cloud.x], [1000, 2000, 3000, 4000, 8000, 8000, 5000, 8000]);
  assert.deepEqual(
    [...cloud.y].map((y) => Math.round(y * 100) / 100),
    [-0.5, -0.4, -0.3, Number.NaN, -0.3, -0.4, -1, Number.NaN],
  );
  assert.deepEqual([...cloud.clipped], [0, 0, 0, 0, 0, 0, 1, 0]);
});

test('in the order of their ends, points stand side by side, and those at work behind the last', () => {
  const ended = [2, 1, 3, 4, 7].flatMap((id) => run.get(id) ?? []);
  const options = { scale, domain: { from: -1, to: 0, clipped: 0 }, createdAt: 1000, now: 9000 };
  const cloud = pointCloud(run, { ...options, across: 'order', ended });
  assert.deepEqual([...cloud.x], [2, 1, 3, 4, 6, 6, 5, 6]);
});

test('edges lead from each parent that has a height to a child that has one', () => {
  const cloud = cloudOf(run);
  const { mutation, crossover } = lineageEdges(cloud, run);
  const ids = (edges: Int32Array) => [...edges].map((index) => cloud.id[index]);
  assert.deepEqual(ids(mutation), [3, 5, 3, 7]);
  assert.deepEqual(ids(crossover), [1, 3, 2, 3, 1, 6, 3, 6]);
});

test('the pointer hits the nearest point within reach, the later one of two in the same place, and the strip below', () => {
  const cloud = cloudOf(members(...run.values(), scored(9, 0.4, { endedAt: 3000 })));
  const place = {
    x: pixelMap({ from: 0, to: 10_000 }, 0, 1000),
    y: pixelMap({ from: -1, to: 0 }, 0, 400, true),
    strip: 420,
  };
  const hit = (x: number, y: number) => {
    const index = nearestPoint(cloud, place, x, y, 8);
    return index === null ? null : cloud.id[index];
  };
  assert.equal(hit(203, 158), 9);
  assert.equal(hit(305, 121), 3);
  assert.equal(hit(400, 418), 4);
  assert.equal(hit(600, 20), null);
});
