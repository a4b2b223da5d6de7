import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyEvent, openRunView } from '../../protocol/projection.ts';
import type { RunEvent, RunEventBody } from '../../protocol/run.ts';
import { candidate, runStarted } from '../../test/support/candidates.ts';
import { Population } from './population.ts';

/** A run that goes on event by event, with whoever listens. */
function liveRun() {
  const view = openRunView('toy', { seq: 1, at: 0, body: runStarted() });
  const listeners: ((event: RunEvent) => void)[] = [];
  return {
    view,
    subscribe: (_since: number, listener: (event: RunEvent) => void) => {
      listeners.push(listener);
      return () => true;
    },
    tell: (body: RunEventBody) => {
      const event = { seq: view.lastSeq + 1, at: view.lastSeq, body };
      applyEvent(view, event);
      for (const listener of listeners) listener(event);
    },
  };
}

type Run = ReturnType<typeof liveRun>;

const start = (run: Run, id: number, change: Parameters<typeof candidate>[1] = {}) =>
  run.tell({ type: 'candidate_started', candidate: candidate(id, change), request: null, generator: [] });
const score = (run: Run, id: number, value: number) =>
  run.tell({
    type: 'candidate_scored',
    id,
    search: { value, standardError: 0, rows: 1 },
    evaluation: [],
    suspiciouslyPerfect: false,
  });
const fail = (run: Run, id: number) =>
  run.tell({ type: 'candidate_failed', id, failure: { kind: 'timeout', message: '' }, steps: 1, evaluation: [] });

function summary(population: Population) {
  return {
    size: population.size,
    drafts: population.drafts,
    atWork: population.atWork().map(({ id }) => id),
    leaders: population.leaders(3).map(({ id }) => id),
    ranks: [1, 2, 3, 4, 5, 6].map((id) => population.rankOf(id)),
    childrenOfTwo: population.children(2),
    draftsBeforeFour: population.draftsBefore(4),
  };
}

describe('the population', () => {
  it('is the same whether it went with the run or was made from the run as it is', () => {
    const run = liveRun();
    start(run, 1);
    start(run, 2);
    score(run, 1, 0.9);
    const following = Population.following(run);
    score(run, 2, 0.3);
    start(run, 3, { operator: 'mutation', parents: [2] });
    start(run, 4);
    start(run, 5, { operator: 'crossover', parents: [2, 1] });
    score(run, 3, 0.9);
    fail(run, 4);
    start(run, 6, { operator: 'human', parents: [] });
    run.tell({ type: 'candidate_placed', id: 5, slot: 1 });
    run.tell({ type: 'candidate_submitted', id: 5, summary: 'x', steps: 2 });
    assert.deepEqual(summary(following), {
      size: 3,
      drafts: 3,
      atWork: [5, 6],
      leaders: [2, 1, 3],
      ranks: [2.5, 1, 2.5, null, null, null],
      childrenOfTwo: [3, 5],
      draftsBeforeFour: 2,
    });
    assert.deepEqual(summary(Population.of(run.view)), summary(following));
  });

  it('counts nobody twice when hidden scores are told at the end', () => {
    const run = liveRun();
    const population = Population.following(run);
    start(run, 1);
    score(run, 1, 1);
    run.tell({
      type: 'unsealed',
      scores: [{ id: 1, validation: null, test: null }],
      selected: null,
      early: false,
    });
    assert.equal(population.size, 1);
  });

  it('takes out whom a person has excluded, whenever that was, and takes them in again', () => {
    const run = liveRun();
    const following = Population.following(run);
    for (const id of [1, 2, 3]) start(run, id);
    score(run, 1, 0.2);
    score(run, 2, 0.1);
    run.tell({ type: 'candidate_marked', id: 2, excluded: true, pinned: true });
    run.tell({ type: 'candidate_marked', id: 3, excluded: true });
    score(run, 3, 0.05);
    assert.deepEqual([following.size, following.leaders(3).map(({ id }) => id)], [1, [1]]);
    assert.deepEqual(
      [1, 2, 3].map((id) => following.rankOf(id)),
      [1, null, null],
    );
    assert.equal(run.view.summary.bestSearch?.candidate, 1, 'what is excluded does not lead');
    assert.deepEqual(summary(Population.of(run.view)), summary(following));
    assert.equal(following.ranking.draw(0.999), 1);

    run.tell({ type: 'candidate_marked', id: 1, pinned: true });
    run.tell({ type: 'candidate_marked', id: 2, excluded: false });
    run.tell({ type: 'candidate_marked', id: 3, excluded: false });
    assert.deepEqual(
      following.leaders(3).map(({ id }) => id),
      [3, 2, 1],
    );
    assert.equal(run.view.summary.bestSearch?.candidate, 3);
    assert.deepEqual(summary(Population.of(run.view)), summary(following));
    const { excluded, pinned } = run.view.candidates.get(2) ?? {};
    assert.deepEqual({ excluded, pinned }, { excluded: undefined, pinned: true });
  });

  it('offers no failed program for repair that a person has excluded', () => {
    const run = liveRun();
    const following = Population.following(run);
    start(run, 1);
    fail(run, 1);
    assert.deepEqual(following.repairable(), [1]);
    run.tell({ type: 'candidate_marked', id: 1, excluded: true });
    assert.deepEqual(following.repairable(), []);
    run.tell({ type: 'candidate_marked', id: 1, excluded: false });
    assert.deepEqual(following.repairable(), [1]);
  });
});
