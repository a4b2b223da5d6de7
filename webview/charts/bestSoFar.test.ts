import assert from 'node:assert/strict';
import test from 'node:test';
import { BestSoFar } from './bestSoFar.ts';

const score = (value: number, standardError = 0.01) => ({ value, standardError, rows: 100 });

test('only what is strictly better is a step, in the direction of the metric', () => {
  const best = new BestSoFar({ name: 'score', direction: 'minimize' });
  assert.deepEqual(
    [0.5, 0.5, 0.6, 0.4].map((value, index) => best.add(index + 1, index, score(value))),
    [true, false, false, true],
  );
  assert.deepEqual(
    best.steps.map(({ candidate }) => candidate),
    [1, 4],
  );
  const other = new BestSoFar({ name: 'score', direction: 'maximize' });
  assert.ok(other.add(1, 0, score(0.5)) && !other.add(2, 1, score(0.4)) && other.add(3, 2, score(0.6)));
});

test('a step within noise is not clear, and many small ones together are', () => {
  const best = new BestSoFar({ name: 'score', direction: 'maximize' });
  for (const [index, value] of [0.5, 0.51, 0.52, 0.54].entries()) best.add(index + 1, index, score(value));
  assert.deepEqual(
    best.steps.map(({ clear }) => clear),
    [true, false, false, true],
  );
});

test('a comparison row by row counts for more than both errors, if it was with the last clear best', () => {
  const lead = (over: number) => ({ over, difference: 0.01, standardError: 0.001, paired: true });
  const best = new BestSoFar({ name: 'score', direction: 'maximize' });
  best.add(1, 0, score(0.5));
  best.add(2, 1, score(0.51), lead(1));
  best.add(3, 2, score(0.52), lead(1));
  assert.deepEqual(
    best.steps.map(({ clear }) => clear),
    [true, true, false],
  );
});
