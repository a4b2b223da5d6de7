import assert from 'node:assert/strict';
import test from 'node:test';
import { candidate } from '../../test/support/candidates.ts';
import { idleShare, slotStrips } from './gantt.ts';

const shown = { from: 0, to: 1000 };
const work = (id: number, slot: number, createdAt: number, submittedAt: number | undefined, endedAt: number | null) =>
  candidate(id, { ranOn: slot, slot: null, createdAt, endedAt, ...(submittedAt === undefined ? {} : { submittedAt }) });

test('time of agents, of evaluations, and of nobody adds up to the time of a slot', () => {
  const [strip] = slotStrips([work(1, 0, 100, 300, 400), work(2, 0, 500, 800, 900)], shown, 1);
  assert.ok(strip);
  assert.deepEqual([strip.agentMs, strip.evaluationMs, strip.idleMs], [500, 200, 300]);
  assert.deepEqual(strip.idle, [
    { from: 0, to: 100 },
    { from: 400, to: 500 },
    { from: 900, to: 1000 },
  ]);
  assert.equal(strip.idleShare, 0.3);
});

test('who is still at work fills the strip up to now; who failed without submitting was never evaluated', () => {
  const [strip] = slotStrips([work(1, 0, 0, undefined, 400), work(2, 0, 400, 600, null)], shown, 1);
  assert.deepEqual(
    strip?.bars.map(({ submitted, to, open }) => ({ submitted, to, open })),
    [
      { submitted: 400, to: 400, open: false },
      { submitted: 600, to: 1000, open: true },
    ],
  );
  assert.equal(strip?.idleMs, 0);
});

test('agents that share a slot lie in rows of their own, and the slot is idle only when all are gone', () => {
  const [strip] = slotStrips([work(1, 0, 0, 400, 500), work(2, 0, 100, 200, 300), work(3, 0, 300, 600, 700)], shown, 1);
  assert.equal(strip?.rows, 2);
  assert.deepEqual(
    strip?.bars.map(({ candidate: id, row }) => [id, row]),
    [
      [1, 0],
      [2, 1],
      [3, 1],
    ],
  );
  assert.deepEqual(strip?.idle, [{ from: 700, to: 1000 }]);
});

test('a slot that never worked is idle all the time, and counts in the share of all', () => {
  const strips = slotStrips([work(1, 1, 0, 500, 1000)], shown, 2);
  assert.deepEqual(
    strips.map(({ slot, idleShare: share }) => [slot, share]),
    [
      [0, 1],
      [1, 0],
    ],
  );
  assert.equal(idleShare(strips, shown), 0.5);
});

test('clocks that disagree make no bar that ends before it begins', () => {
  const [strip] = slotStrips([work(1, 0, 900, 200, 100)], shown, 1);
  const [bar] = strip?.bars ?? [];
  assert.ok(bar && bar.from <= bar.submitted && bar.submitted <= bar.to);
  assert.deepEqual(slotStrips([candidate(2, { slot: null })], shown, 1)[0]?.bars, []);
});
