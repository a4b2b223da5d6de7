import assert from 'node:assert/strict';
import test from 'node:test';
import { candidate, runStarted } from '../test/support/candidates.ts';
import { nothingSpent, type Spending } from './cost.ts';
import { applyEvent, openRunView, type RunView } from './projection.ts';
import type { RunEventBody } from './run.ts';

const spent = (calls: number): Spending => ({ ...nothingSpent, calls, input: 1000 * calls, costUsd: 0.1 * calls });

/** Events at their times, from 1000 ms on. */
function run(...events: [at: number, body: RunEventBody][]): RunView {
  const view = openRunView('20260101-000000-toy-aa01', { seq: 1, at: 1000, body: runStarted() });
  for (const [index, [at, body]] of events.entries()) applyEvent(view, { seq: index + 2, at, body });
  return view;
}

const started = (id: number): RunEventBody => ({
  type: 'candidate_started',
  candidate: candidate(id),
  request: null,
  generator: [],
});
const search = { value: 1, standardError: 0, rows: 1 };

test("a candidate's total is told again and again and counts once", () => {
  const { summary, candidates } = run(
    [1001, started(1)],
    [1002, started(2)],
    [1003, { type: 'candidate_spent', id: 1, spent: spent(3) }],
    [1004, { type: 'candidate_spent', id: 2, spent: spent(1) }],
    [1005, { type: 'candidate_spent', id: 1, spent: spent(5) }],
    [1006, { type: 'candidate_submitted', id: 1, summary: '', steps: 5, spent: spent(5) }],
    [1007, { type: 'candidate_scored', id: 1, search, evaluation: [], suspiciouslyPerfect: false }],
    [1008, { type: 'candidate_spent', id: 2, spent: spent(2) }],
    [1009, { type: 'candidate_abandoned', id: 2, reason: 'the budget ended' }],
  );
  assert.equal(summary.spent.calls, 7);
  assert.equal(summary.spent.input, 7000);
  assert.ok(Math.abs(summary.spent.costUsd - 0.7) < 1e-9, 'what an abandoned candidate took counts too');
  assert.equal(candidates.get(1)?.spent?.calls, 5);
});

test('the clock and the GPUs stand still while the provider does not answer, and while the run is paused', () => {
  const { summary } = run(
    [1000, { type: 'gpus_held', gpus: 4 }],
    [3000, { type: 'provider_outage', reason: 'overloaded' }],
    [10_000, started(1)],
    [20_000, { type: 'provider_recovered' }],
    [21_000, { type: 'run_paused' }],
    [30_000, { type: 'provider_outage', reason: 'again' }],
    [40_000, { type: 'run_unpaused' }],
    [41_000, started(2)],
    [50_000, { type: 'provider_recovered' }],
    [50_500, { type: 'caveat', text: '' }],
  );
  assert.equal(summary.activeMs, 2000 + 1000 + 500);
  assert.equal(summary.gpuMs, 4 * summary.activeMs);
  assert.equal(summary.outage, null);
});

test('a run taken up after a crash in the middle of an outage finds out anew', () => {
  const { summary, activeSince } = run(
    [2000, { type: 'provider_outage', reason: 'overloaded' }],
    [9000, { type: 'run_resumed', pid: 1 }],
  );
  assert.equal(summary.outage, null);
  assert.equal(summary.activeMs, 1000);
  assert.equal(activeSince, 9000);
});
