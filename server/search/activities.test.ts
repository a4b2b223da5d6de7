import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Activities } from './activities.ts';

test('a candidate is at one thing at a time, and its evaluations again stand beside it until they end', () => {
  const activities = new Activities();
  activities.heard({ candidate: 1, slot: 0, doing: 'bash' }, 10);
  activities.heard({ candidate: 1, slot: 1, doing: 'thinking' }, 20);
  activities.heard({ candidate: 2, slot: 0, doing: 'evaluating again', again: true }, 5);
  activities.heard({ candidate: 2, slot: 1, doing: 'evaluating again', again: true }, 15);
  assert.deepEqual(
    activities.list().map(({ candidate, slot, doing }) => [candidate, slot, doing]),
    [
      [2, 0, 'evaluating again'],
      [2, 1, 'evaluating again'],
      [1, 1, 'thinking'],
    ],
  );
  activities.event({ type: 'candidate_abandoned', id: 1, reason: '' });
  activities.event({ type: 'candidate_abandoned', id: 2, reason: '' });
  activities.heard({ candidate: 2, slot: 0, doing: null, again: true }, 30);
  assert.deepEqual(
    activities.list(1).map(({ candidate, slot }) => [candidate, slot]),
    [[2, 1]],
  );
  assert.deepEqual(activities.list(0), []);
});
