import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrajectoryItem } from '../../../protocol/clientViews.ts';
import { candidate } from '../runs/testRun.ts';
import { fitting, lean } from './bounded.ts';

const item = (index: number, text: string): TrajectoryItem => ({
  index,
  event: { type: 'notice', at: 0, step: 1, kind: 'x', text },
});

test('pages are cut where they would be too long, and no item is lost', () => {
  const items = [item(0, 'a'.repeat(600)), item(1, 'b'.repeat(600)), item(2, 'c'), item(3, 'd'.repeat(5000))];
  const pieces = [...fitting(items, 1350)];
  assert.deepEqual(
    pieces.map((piece) => piece.map(({ index }) => index)),
    [[0, 1], [2], [3]],
  );
});

test('a run that fits is sent as it is; one that does not loses words, never scores, parents or states', () => {
  const candidates = Array.from({ length: 100 }, (_, index) =>
    candidate(index + 2, { parents: [1], summary: 's'.repeat(500), guidance: 'g'.repeat(2000) }),
  );
  assert.deepEqual(lean(candidates), candidates);
  const small = lean(candidates, 60_000);
  assert.ok(JSON.stringify(small).length < 61_000);
  const kept = ({ id, search, parents, state }: (typeof candidates)[number]) => ({ id, search, parents, state });
  assert.deepEqual(small.map(kept), candidates.map(kept));
});
