import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Score } from '../../protocol/run.ts';
import { compareScores, roundForAgents, selectBySearch, selectFinal } from './selection.ts';

const score = (value: number): Score => ({ value, standardError: 0, rows: 10 });
const candidate = (id: number, search: number | null, validation: number | null) => ({
  id,
  search: search === null ? null : score(search),
  validation: validation === null ? null : score(validation),
});

describe('final selection', () => {
  test('takes the best validation score by the metric’s direction, whatever the search scores say', () => {
    const candidates = [candidate(1, 0.1, 0.5), candidate(2, 0.9, 0.4), candidate(3, 0.5, 0.6)];
    assert.equal(selectFinal(candidates, 'minimize')?.id, 2);
    assert.equal(selectFinal(candidates, 'maximize')?.id, 3);
  });

  test('breaks exact ties by search score, then by the earlier id, in any order of candidates', () => {
    const candidates = [candidate(4, 0.2, 0.5), candidate(3, 0.2, 0.5), candidate(2, 0.3, 0.5), candidate(1, 0.1, 0.6)];
    for (const order of [candidates, candidates.toReversed()]) {
      assert.equal(selectFinal(order, 'minimize')?.id, 3);
    }
    assert.equal(selectFinal(candidates.slice(0, 3), 'maximize')?.id, 2);
  });

  test('goes by the search score where programs report their own, and takes the earlier of equals', () => {
    const candidates = [
      candidate(3, 0.9, 0.1),
      candidate(1, 0.5, null),
      candidate(2, 0.9, 0.7),
      candidate(4, null, 0.1),
    ];
    assert.equal(selectBySearch(candidates, 'maximize')?.id, 2);
    assert.equal(selectBySearch(candidates, 'minimize')?.id, 1);
    assert.equal(selectBySearch([], 'minimize'), null);
  });

  test('never takes a candidate without a validation score', () => {
    assert.equal(selectFinal([candidate(1, 0.01, null), candidate(2, 0.9, 0.9)], 'minimize')?.id, 2);
    assert.equal(selectFinal([candidate(1, 0.01, null)], 'minimize'), null);
    assert.equal(selectFinal([], 'maximize'), null);
  });
});

test('scores sort best first in either direction', () => {
  const values = [3, 1, 2];
  assert.deepEqual(
    values.toSorted((a, b) => compareScores(a, b, 'minimize')),
    [1, 2, 3],
  );
  assert.deepEqual(
    values.toSorted((a, b) => compareScores(a, b, 'maximize')),
    [3, 2, 1],
  );
});

test('agents see five significant digits of a score', () => {
  const seen = [0.123456789, 123456.789, -0.000123456789, 0, 1e-30, 0.999999].map(roundForAgents);
  assert.deepEqual(seen, [0.12346, 123460, -0.00012346, 0, 1e-30, 1]);
});
