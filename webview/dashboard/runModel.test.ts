import assert from 'node:assert/strict';
import test from 'node:test';
import { openRunView } from '../../protocol/projection.ts';
import type { Candidate, RunEvent, RunEventBody } from '../../protocol/run.ts';
import { candidate, runStarted, scored } from '../../test/support/candidates.ts';
import { type DashboardReset, RunModel } from './runModel.ts';
import { ServerClock } from './serverClock.ts';

const score = (value: number) => ({ value, standardError: 0.01, rows: 100 });

function reset(candidates: Candidate[]): DashboardReset {
  const { summary } = openRunView('20260101-000000-toy-aa01', { seq: 1, at: 1000, body: runStarted() });
  return {
    type: 'reset',
    summary,
    title: 'Toy',
    candidates,
    lastSeq: 10,
    pending: [],
    activeSince: 1000,
    references: [],
    selected: null,
  };
}

function events(...bodies: RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ seq: 11 + index, at: 5000 + index, body }));
}

const started = (id: number, parents: number[]): RunEventBody => ({
  type: 'candidate_started',
  candidate: candidate(id, { parents, operator: 'mutation' }),
  request: null,
  generator: [],
});

const scoredEvent = (id: number, value: number): RunEventBody => ({
  type: 'candidate_scored',
  id,
  search: score(value),
  evaluation: [],
  suspiciouslyPerfect: false,
});

test('what comes in live stands where a snapshot taken afterwards would have it', () => {
  const model = new RunModel(reset([scored(1, 0.5, { endedAt: 2000 }), candidate(2, { parents: [1] })]));
  model.apply(events(started(3, [1, 1]), scoredEvent(2, 0.3), scoredEvent(3, 0.4)));
  const later = new RunModel(reset([...model.candidates.values()].map((one) => structuredClone(one))));
  assert.deepEqual(
    model.ended.map(({ id }) => id),
    [1, 2, 3],
  );
  assert.deepEqual(model.ended, later.ended);
  assert.deepEqual(model.best.steps, later.best.steps);
  assert.deepEqual(model.childrenOf(1), [2, 3], 'a crossover with itself is one child');
  assert.deepEqual(model.childrenOf(1), later.childrenOf(1));
  assert.equal(model.running.size, 0);
});

test('events that were seen already change nothing; a missing one is an error, not a wrong picture', () => {
  const model = new RunModel(reset([candidate(1)]));
  const [first] = events(scoredEvent(1, 0.5));
  assert.ok(first);
  model.apply([first]);
  model.apply([first]);
  assert.equal(model.ended.length, 1);
  assert.throws(() => model.apply([{ ...first, seq: 13 }]), /missing/);
});

test('a candidate that a person excludes leaves the curve of the best, and comes back into it', () => {
  const model = new RunModel(
    reset([scored(1, 0.5, { endedAt: 2000 }), scored(2, 0.1, { endedAt: 3000 }), scored(3, 0.4, { endedAt: 4000 })]),
  );
  const steps = () => model.best.steps.map(({ candidate: id }) => id);
  assert.deepEqual(steps(), [1, 2]);
  const [out, back] = events(
    { type: 'candidate_marked', id: 2, excluded: true },
    { type: 'candidate_marked', id: 2, excluded: false },
  );
  assert.ok(out && back);
  model.apply([out]);
  assert.deepEqual(steps(), [1, 3]);
  model.apply([back]);
  assert.deepEqual(steps(), [1, 2]);
});

test('the clock of the server is told from its events, however wrong the clock of the window is', () => {
  let own = 7_200_000;
  const clock = new ServerClock(() => own);
  assert.equal(clock.now(), own);
  clock.heard(10);
  own += 1000;
  clock.heard(1000);
  own += 500;
  assert.equal(clock.now(), 1510, 'an event that was long under way does not set it back');
});
