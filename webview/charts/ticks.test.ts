import assert from 'node:assert/strict';
import test from 'node:test';
import { durationLabel, durationTicks, linearTicks, logTicks } from './ticks.ts';

const labels = (ticks: { label: string }[]) => ticks.map(({ label }) => label);

test('labels have as many decimals as tell ticks apart, and no leftovers of binary fractions', () => {
  assert.deepEqual(labels(linearTicks(0, 0.3, 3)), ['0.0', '0.1', '0.2', '0.3']);
  assert.deepEqual(labels(linearTicks(-1, 1, 4)), ['−1.0', '−0.5', '0.0', '0.5', '1.0']);
  assert.deepEqual(labels(linearTicks(0.27111, 0.27119, 4)), ['0.27112', '0.27114', '0.27116', '0.27118']);
  assert.deepEqual(labels(linearTicks(0, 4e9, 2)), ['0', '2e9', '4e9']);
});

test('an axis without extent, or of infinite extent, has no ticks', () => {
  for (const [low, high] of [
    [1, 1],
    [2, 1],
    [0, Number.POSITIVE_INFINITY],
    [Number.NaN, 1],
  ] as const) {
    assert.deepEqual(linearTicks(low, high, 5), []);
    assert.deepEqual(logTicks(low, high, 5), []);
    assert.deepEqual(durationTicks(low, high === Number.POSITIVE_INFINITY ? 0 : high, 5), []);
  }
});

test('many decades are thinned out, few are filled up', () => {
  assert.ok(logTicks(1e-12, 1e12, 6).length <= 9);
  assert.deepEqual(labels(logTicks(1, 100, 6)), ['1', '2', '5', '10', '20', '50', '100']);
  assert.deepEqual(labels(logTicks(2, 8, 3)), ['2', '4', '6', '8']);
});

test('time is read in the units that people use', () => {
  assert.deepEqual(labels(durationTicks(0, 3_600_000, 4)), ['0', '15 min', '30 min', '45 min', '1 h']);
  assert.equal(durationLabel(90_000), '1 min 30');
  assert.equal(durationLabel(5_400_000), '1 h 30');
  assert.equal(durationLabel(90_000_000), '1 d 1 h');
  assert.ok(durationTicks(0, 400 * 86_400_000, 6).length < 15);
});
