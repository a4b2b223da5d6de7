import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventRange, PageRequests } from './pageRequests.ts';
import { answer, began, itemsOf } from './sampleEvents.ts';
import { Search } from './search.ts';
import { TrajectoryModel } from './trajectoryModel.ts';

const log = itemsOf(Array.from({ length: 2000 }, (_, index) => answer(index + 1, began)));
const top = { first: 0, last: 3 };

function begun(loaded: number) {
  const model = new TrajectoryModel();
  model.put(log.slice(0, loaded), log.length, null);
  const sent: EventRange[] = [];
  return {
    model,
    sent,
    requests: new PageRequests(
      (range) => sent.push(range),
      () => undefined,
    ),
  };
}

test('one page is asked for at a time, and the next when it has come', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { model, sent, requests } = begun(200);
  requests.next(model, top, null);
  requests.next(model, top, null);
  assert.deepEqual(sent, [{ from: 200, limit: 600 }]);
  const items = log.slice(200, 800);
  model.put(items, log.length, requests.answered(items));
  requests.next(model, top, null);
  assert.deepEqual(sent[1], { from: 800, limit: 600 });
});

test('events that come in live are no answer; an empty one is', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { model, requests } = begun(200);
  requests.next(model, top, null);
  assert.equal(requests.answered(log.slice(1990)), null);
  assert.deepEqual(requests.answered([]), { from: 200, limit: 600 });
});

test('what is in view goes before all else, a search before the rest', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { model, sent, requests } = begun(200);
  const gap = model.rows.findLastIndex(({ kind }) => kind === 'gap');
  requests.next(model, { first: gap - 1, last: gap }, null);
  assert.ok((sent[0]?.from ?? 0) >= 1600, JSON.stringify(sent));
  requests.clear();
  const search = new Search(/x/gi);
  search.look(log.slice(0, 900));
  requests.next(model, top, search);
  assert.equal(sent[1]?.from, 800);
});

test('an answer that does not come is asked for again', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { model, sent } = begun(200);
  const requests = new PageRequests(
    (range) => sent.push(range),
    () => requests.next(model, top, null),
  );
  requests.next(model, top, null);
  context.mock.timers.tick(20_000);
  assert.equal(sent.length, 2);
});
