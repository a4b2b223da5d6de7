import assert from 'node:assert/strict';
import test from 'node:test';
import { compared } from '../../test/support/comparedRuns.ts';
import { comparison, joined } from './comparison.ts';
import { seedGroups } from './seedGroups.ts';

const options = { over: 'time', middle: 'mean', spread: 'range', scoreMode: 'linear', single: false } as const;

test('all runs and lines are on one axis, on which better is up', () => {
  const groups = seedGroups([
    compared({ seed: 1, scores: [0.5, 0.4], every: 1000 }),
    compared({ seed: 1, scores: [0.45], every: 3000, config: { search: 'best-of-k' } }),
  ]);
  const made = comparison(groups, [{ kind: 'medal', name: 'gold', score: 0.38 }], options);
  assert.equal(made.groups.length, 2);
  assert.ok(made.across.to >= 3000);
  assert.ok(made.domain.to > -0.38 && made.domain.from < -0.5);
  assert.ok(made.scale.coordinate(0.4) > made.scale.coordinate(0.5));
});

test('a group of which one run has no score is shown run by run', () => {
  const groups = seedGroups([
    compared({ seed: 1, scores: [0.5], every: 1000 }),
    compared({ seed: 2, scores: [null], every: 1000 }),
  ]);
  const [only] = comparison(groups, [], options).groups;
  assert.equal(only?.band, null);
  assert.equal(only?.curves.length, 2);
});

test('curves that step at different places share one axis, with gaps where one has no step', () => {
  const { at, columns } = joined([
    { at: [0, 2], values: [[5, 6]] },
    {
      at: [1, 2],
      values: [
        [7, 8],
        [9, 10],
      ],
    },
  ]);
  assert.deepEqual(at, [0, 1, 2]);
  assert.deepEqual(columns, [
    [[5, null, 6]],
    [
      [null, 7, 8],
      [null, 9, 10],
    ],
  ]);
});
