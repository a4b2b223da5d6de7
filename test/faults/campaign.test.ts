/** The campaign of bench/faults.ts in small: one strike at each victim, all in one run. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { disturbedRun } from '../support/faults/disturbedRun.ts';
import type { Strike } from '../support/faults/victims.ts';
import { linearTask } from '../support/linearTask.ts';
import { SeededRandom } from '../support/seededRandom.ts';

const strikes: Strike[] = [
  { victim: 'kernel', blow: 'kill' },
  { victim: 'worker', blow: 'stop' },
  { victim: 'shell', blow: 'kill' },
  { victim: 'socket', blow: 'kill' },
  { victim: 'server', blow: 'kill' },
  { victim: 'socket', blow: 'stop' },
];

it('a run in which everything is struck once ends whole, and leaves nothing behind', { timeout: 420_000 }, async () => {
  await using toy = await linearTask();
  const done = await disturbedRun({
    home: toy.home,
    run: '20260103-000000-linear-ca01',
    candidates: 8,
    strikes,
    pauseMs: { from: 50, to: 500 },
    random: new SeededRandom(20_261_120),
    deadlineMs: 400_000,
  });
  assert.deepEqual(done.findings, { lost: [], duplicated: [], broken: [], orphans: [] });
  assert.deepEqual(done.unspent, [], 'every strike has met its victim');
  assert.equal(done.restarts, 1);
});
