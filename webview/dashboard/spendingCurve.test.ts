import assert from 'node:assert/strict';
import test from 'node:test';
import { nothingSpent } from '../../protocol/amounts.ts';
import { candidate } from '../../test/support/candidates.ts';
import { candidateCosts, spendingCurve, spreadOf } from './spendingCurve.ts';

const spent = (costUsd: number, change = {}) => ({ ...nothingSpent, calls: 2, input: 100, costUsd, ...change });

test('costs count when an agent is done, of one at work now, and the curve ends at the sum of all', () => {
  const curve = spendingCurve(
    [
      candidate(1, { submittedAt: 3000, endedAt: 9000, spent: spent(1) }),
      candidate(2, { endedAt: 2000, spent: spent(2) }),
      candidate(3, { spent: spent(4) }),
      candidate(4),
    ],
    1000,
    6000,
  );
  assert.deepEqual(curve.at, [0, 1000, 2000, 5000, 5000]);
  assert.deepEqual(curve.costUsd, [0, 2, 3, 7, 7]);
  assert.deepEqual(curve.tokens.at(-1), 300);
});

test('a cost that is not all of it, or not counted by the provider, is marked so', () => {
  const costs = candidateCosts([
    candidate(3, { spent: spent(1, { estimatedCalls: 1 }) }),
    candidate(1, { spent: spent(0, { unpricedCalls: 2, estimatedCalls: 1 }) }),
    candidate(2, { spent: spent(1) }),
    candidate(4, { spent: nothingSpent }),
  ]);
  assert.deepEqual(
    costs.map(({ candidate: id, kind }) => [id, kind]),
    [
      [1, 'unpriced'],
      [2, 'priced'],
      [3, 'estimated'],
    ],
  );
});

test('mean and median are told apart, and nothing has no spread', () => {
  assert.deepEqual(spreadOf([1, 2, 3, 10]), { count: 4, mean: 4, median: 2.5, largest: 10 });
  assert.equal(spreadOf([]), null);
});
