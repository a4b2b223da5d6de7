import assert from 'node:assert/strict';
import test from 'node:test';
import { candidate } from '../../test/support/candidates.ts';
import { optimism, searchAgainstValidation } from './optimism.ts';

const score = (value: number) => ({ value, standardError: 0.01, rows: 100 });
const both = (id: number, search: number, validation: number) =>
  candidate(id, { state: 'scored', search: score(search), validation: score(validation) });
const best = (id: number) => ({ candidate: id, score: score(0), lead: null });

test('a search that flatters itself is optimistic in both directions of metric', () => {
  const pairs = searchAgainstValidation([both(2, 0.3, 0.4), both(1, 0.2, 0.4), candidate(3)]);
  assert.deepEqual(
    pairs.map(({ candidate: id }) => id),
    [1, 2],
  );
  const low = optimism(pairs, { metric: { name: 'rmse', direction: 'minimize' }, bestSearch: best(1) });
  assert.ok(low && Math.abs(low.mean - 0.15) < 1e-12 && Math.abs((low.ofBest ?? 0) - 0.2) < 1e-12);
  assert.ok(Math.abs((low.standardError ?? 0) - 0.05) < 1e-12);
  const high = optimism(pairs, { metric: { name: 'auc', direction: 'maximize' }, bestSearch: best(9) });
  assert.ok(high && Math.abs(high.mean + 0.15) < 1e-12);
  assert.equal(high.ofBest, null);
});

test('nothing is said where nothing is unsealed, and one pair has no error', () => {
  const run = { metric: { name: 'rmse', direction: 'minimize' as const }, bestSearch: null };
  assert.equal(optimism([], run), null);
  assert.equal(optimism(searchAgainstValidation([both(1, 0.2, 0.3)]), run)?.standardError, null);
});
