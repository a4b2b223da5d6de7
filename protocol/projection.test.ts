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

test('a run that a person paused stays so when it is taken up, until a person has it go on', () => {
  const view = run(
    [2000, { type: 'run_paused' }],
    [3000, { type: 'run_interrupted', reason: 'the server hands over' }],
    [9000, { type: 'run_resumed', pid: 1, staysPaused: true }],
    [9500, { type: 'caveat', text: '' }],
  );
  assert.deepEqual([view.summary.state, view.summary.paused, view.activeSince], ['paused', true, null]);
  assert.equal(view.summary.activeMs, 1000);
  applyEvent(view, { seq: view.lastSeq + 1, at: 10_000, body: { type: 'run_unpaused' } });
  assert.deepEqual([view.summary.state, view.summary.paused, view.activeSince], ['running', undefined, 10_000]);
});

test('a run that older versions took up in spite of a pause is paused no more', () => {
  const { summary } = run([2000, { type: 'run_paused' }], [9000, { type: 'run_resumed', pid: 1 }]);
  assert.deepEqual([summary.state, summary.paused], ['running', undefined]);
});

test('what stood still counts neither as activity nor for the GPUs, and only while the clock ran', () => {
  const still: RunEventBody = { type: 'stood_still', ms: 8000 };
  const view = run([1000, { type: 'gpus_held', gpus: 4 }], [3000, { type: 'caveat', text: '' }], [12_000, still]);
  assert.equal(view.summary.activeMs, 2000 + 1000);
  assert.deepEqual([view.summary.gpuMs, view.activeSince], [4 * 3000, 12_000]);
  applyEvent(view, { seq: 5, at: 13_000, body: still });
  assert.equal(view.summary.activeMs, 3000, 'it takes nothing of what went before');
  applyEvent(view, { seq: 6, at: 14_000, body: { type: 'run_paused' } });
  applyEvent(view, { seq: 7, at: 30_000, body: still });
  applyEvent(view, { seq: 8, at: 31_000, body: { type: 'run_unpaused' } });
  applyEvent(view, { seq: 9, at: 32_000, body: { type: 'caveat', text: '' } });
  assert.equal(view.summary.activeMs, 5000);
});

test('a run that was found down has not been active since, whatever is written into its log meanwhile', () => {
  const hour = 3_600_000;
  const view = run(
    [2000, started(1)],
    [hour, { type: 'run_interrupted', reason: 'its server ended without a word', found: true }],
    [2 * hour, { type: 'candidate_marked', id: 1, pinned: true }],
  );
  assert.deepEqual([view.summary.activeMs, view.summary.state], [1000, 'interrupted']);
  applyEvent(view, { seq: view.lastSeq + 1, at: 3 * hour, body: { type: 'run_resumed', pid: 1 } });
  applyEvent(view, {
    seq: view.lastSeq + 1,
    at: 3 * hour + 500,
    body: { type: 'run_interrupted', reason: 'shutdown' },
  });
  assert.equal(view.summary.activeMs, 1500, 'one that tells of its end itself counts up to that');
  assert.equal(view.summary.interruption, 'shutdown');
});

test('more budget adds to the bounds that a run has, and opens a search that had ended', () => {
  const view = run(
    [1001, { type: 'run_stopping', reason: 'all 10 candidates are made', mode: 'finish' }],
    [1002, { type: 'budget_extended', by: { candidates: 5, hours: 2, tokens: 1000 } }],
  );
  const { config, state, endReason, ending } = view.summary;
  assert.deepEqual([config.candidates, config.hours, config.budget], [15, null, undefined]);
  assert.deepEqual([state, endReason, ending], ['interrupted', null, undefined]);
  const first = runStarted({ candidates: null, hours: 1, budget: { costUsd: 2, candidateTokens: 9 } });
  const bounded = openRunView('20260101-000000-toy-aa02', { seq: 1, at: 0, body: first });
  applyEvent(bounded, { seq: 2, at: 1, body: { type: 'budget_extended', by: { hours: 2, costUsd: 3, gpuHours: 1 } } });
  const { hours, budget } = bounded.summary.config;
  assert.deepEqual([hours, budget], [3, { costUsd: 5, candidateTokens: 9 }]);
  assert.equal(first.config.hours, 1, 'the event is as it was');
});

test('a run that only its GPU-hours bound may come by hours and candidates, counted from then on', () => {
  const first = runStarted({ candidates: null, hours: null, budget: { gpuHours: 2 } });
  const view = openRunView('20260101-000000-toy-aa03', { seq: 1, at: 0, body: first });
  const hour = 3_600_000;
  applyEvent(view, { seq: 2, at: 3 * hour, body: { type: 'run_interrupted', reason: 'shutdown' } });
  applyEvent(view, { seq: 3, at: 9 * hour, body: { type: 'budget_extended', by: { hours: 2, candidates: 5 } } });
  applyEvent(view, { seq: 4, at: 9 * hour, body: { type: 'budget_extended', by: { hours: 1, candidates: 1 } } });
  const { hours, candidates, budget } = view.summary.config;
  assert.deepEqual([hours, candidates, budget], [6, 6, { gpuHours: 2 }]);
});

test('evaluations again are counted down, stand beside the score, and what is dropped is kept with its reason', () => {
  const again = (seed: number): RunEventBody => ({
    type: 'candidate_reevaluated',
    id: 1,
    request: 'a',
    seed,
    search: { ...search, value: seed },
    failure: null,
    evaluation: [],
  });
  const view = run(
    [1001, started(1)],
    [1002, { type: 'candidate_scored', id: 1, search, evaluation: [], suspiciouslyPerfect: false }],
    [1003, { type: 'request_queued', request: 'a', body: { kind: 'reevaluate', candidate: 1, times: 3 } }],
    [1004, again(7)],
    [1005, again(8)],
  );
  assert.deepEqual(view.pending, [{ request: 'a', body: { kind: 'reevaluate', candidate: 1, times: 1 } }]);
  applyEvent(view, { seq: 7, at: 1006, body: { type: 'request_dropped', request: 'a', reason: 'no machine' } });
  applyEvent(view, { seq: 8, at: 1007, body: again(9) });
  assert.deepEqual([view.pending.length, view.dropped[0]?.reason], [0, 'no machine']);
  assert.deepEqual(
    view.candidates.get(1)?.repeats?.map(({ seed }) => seed),
    [7, 8, 9],
    'one that was under way counts all the same',
  );
  assert.deepEqual([view.candidates.get(1)?.search, view.summary.bestSearch?.score], [search, search]);
});

test('the best so far is the best of those that are not excluded, as if the others had never led', () => {
  const scored = (id: number, value: number): RunEventBody => ({
    type: 'candidate_scored',
    id,
    search: { ...search, value },
    evaluation: [],
    suspiciouslyPerfect: false,
  });
  const view = run(
    [1001, started(1)],
    [1002, started(2)],
    [1003, started(3)],
    [1004, scored(1, 5)],
    [1005, scored(2, 0)],
    [1006, scored(3, 4)],
    [1007, { type: 'candidate_marked', id: 2, excluded: true }],
  );
  const { bestSearch, clearBest, stagnation } = view.summary;
  assert.deepEqual([bestSearch?.candidate, bestSearch?.lead?.over, clearBest?.candidate], [3, 1, 3]);
  assert.deepEqual(stagnation, { sinceBest: 0, sinceClearBest: 0 });
  applyEvent(view, { seq: 9, at: 1008, body: { type: 'candidate_marked', id: 2, excluded: false } });
  assert.equal(view.summary.bestSearch?.candidate, 2);
  assert.deepEqual(view.summary.stagnation, { sinceBest: 1, sinceClearBest: 1 });
  assert.equal('excluded' in (view.candidates.get(2) ?? {}), false);
});
