import assert from 'node:assert/strict';
import test from 'node:test';
import { compared } from '../../test/support/comparedRuns.ts';
import { groupFinals } from './finals.ts';
import { seedGroups } from './seedGroups.ts';

test('runs that differ in their seed only are one group, whatever the order of their settings', () => {
  const first = compared({ seed: 2, scores: [0.5], every: 10 });
  const second = compared({ seed: 1, scores: [0.4], every: 10 });
  const turned = structuredClone(second);
  turned.summary.config = Object.assign(
    {},
    ...Object.entries(second.summary.config)
      .reverse()
      .map(([key, value]) => ({ [key]: value })),
  );
  const groups = seedGroups([first, turned]);
  assert.equal(groups.length, 1);
  assert.deepEqual(
    groups[0]?.runs.map(({ summary }) => summary.config.seed),
    [1, 2],
  );
});

test('a label names what sets a group apart, and nothing that all have', () => {
  const groups = seedGroups([
    compared({ seed: 1, scores: [0.5], every: 10 }),
    compared({ seed: 1, scores: [0.5], every: 10, config: { search: 'best-of-k', temperature: 1 } }),
  ]);
  assert.deepEqual(
    groups.map(({ label }) => label),
    ['whole method · T 0.2', 'best-of-k · T 1'],
  );
});

test('a mean over seeds is given only when every seed has what it is the mean of', () => {
  const sealed = compared({ seed: 1, scores: [0.5, 0.3], every: 10 });
  const open = compared({ seed: 2, scores: [0.4], every: 10, selected: 1, test: 0.45 });
  const [both] = groupFinals(seedGroups([sealed, open]));
  assert.ok(both);
  assert.equal(both.best?.mean, 0.35);
  assert.equal(both.test, null);
  assert.deepEqual(
    both.runs.map(({ test: score }) => score),
    ['sealed', 0.45],
  );
  const [alone] = groupFinals(seedGroups([open]));
  assert.deepEqual(alone?.test, { mean: 0.45, standardError: 0, runs: 1 });
});
