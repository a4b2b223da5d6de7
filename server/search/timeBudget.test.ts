import assert from 'node:assert/strict';
import test from 'node:test';
import { applyEvent, openRunView, type RunView } from '../../protocol/projection.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { runStarted, scored } from '../../test/support/candidates.ts';
import { timeLeft } from './timeBudget.ts';

const hour = 3_600_000;

function view(config: Partial<RunConfig>, gpus = 0): RunView {
  const made = openRunView('20260101-000000-toy-aa01', { seq: 1, at: 0, body: runStarted(config) });
  applyEvent(made, { seq: 2, at: 0, body: { type: 'gpus_held', gpus } });
  return made;
}

test('hours and GPU-hours bound a run, whichever ends first', () => {
  assert.equal(timeLeft(view({ hours: null }), hour).remainingMs, Number.POSITIVE_INFINITY);
  assert.equal(timeLeft(view({ hours: 10 }), hour).remainingMs, 9 * hour);
  const both = view({ hours: 10, budget: { gpuHours: 16 } }, 8);
  assert.equal(timeLeft(both, hour).remainingMs, hour, 'eight GPUs use up sixteen GPU-hours in two hours');
  assert.match(timeLeft(both, 2 * hour).end ?? '', /16 GPU-hours is used up/);
  assert.match(timeLeft(view({ hours: 1 }), hour).end ?? '', /time budget of 1 h is used up/);
});

test('GPU-hours that are used up end a run that holds no GPU any more', () => {
  const run = view({ hours: null, budget: { gpuHours: 2 } }, 2);
  applyEvent(run, { seq: 3, at: hour / 2, body: { type: 'gpus_held', gpus: 0 } });
  assert.equal(timeLeft(run, 9 * hour).end, null, 'one is left, and without a GPU nothing takes it');
  applyEvent(run, { seq: 4, at: hour / 2, body: { type: 'gpus_held', gpus: 2 } });
  applyEvent(run, { seq: 5, at: hour, body: { type: 'gpus_held', gpus: 0 } });
  assert.match(timeLeft(run, hour).end ?? '', /2 GPU-hours is used up/);
});

test('no candidate is begun that would be cut off, and no more than a fifth of the time is left unused for that', () => {
  const run = view({ hours: 10 });
  const add = (id: number, hours: number) =>
    run.candidates.set(id, scored(id, 1, { createdAt: 0, endedAt: hours * hour }));
  for (let id = 1; id <= 5; id += 1) add(id, 1);
  assert.equal(timeLeft(run, 8.9 * hour).end, null);
  assert.match(timeLeft(run, 9.1 * hour).end ?? '', /no room for another candidate/);
  for (let id = 1; id <= 9; id += 1) add(id, 6);
  assert.equal(timeLeft(run, 7.9 * hour).end, null, 'candidates of six hours do not idle the machine for six');
  assert.ok(timeLeft(run, 8.1 * hour).end !== null);
});
