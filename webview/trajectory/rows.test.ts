import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gapSize, landmark, rowAt, rowsOf } from './rows.ts';
import { answer, began, itemsOf, observed, started } from './sampleEvents.ts';

const known = () => true;

test('an answer and what its calls showed are one row, whatever comes in between', () => {
  const items = itemsOf([
    started(),
    answer(1, began + 10),
    { type: 'notice', at: began + 11, step: 1, kind: 'news', text: 'Others try trees.' },
    observed(1, began + 20),
    answer(2, began + 30),
  ]);
  const rows = rowsOf(items, items.length, known);
  assert.deepEqual(
    rows.map((row) => (row.kind === 'event' ? row.event.type : row.kind)),
    ['started', 'step', 'notice', 'step'],
  );
  const [, first, , second] = rows;
  assert.ok(first?.kind === 'step' && second?.kind === 'step');
  assert.equal(first.acts[0]?.observation?.index, 3);
  assert.equal(second.acts[0]?.observation, null);
});

test('each of several calls of one answer keeps its own observation', () => {
  const event = answer(1, began);
  assert.ok(event.type === 'model');
  const calls = ['a', 'b'].map((id) => ({ id, name: 'bash', arguments: { command: id } }));
  const observation = (callId: string, outcome: 'ok' | 'error') => ({
    ...observed(1, began, { outcome, text: callId }),
    callId,
  });
  const items = itemsOf([{ ...event, calls }, observation('b', 'error'), observation('a', 'ok')]);
  const [row] = rowsOf(items, 3, known);
  assert.ok(row?.kind === 'step');
  assert.deepEqual(
    row.acts.map((act) => act.observation?.event.observation.text),
    ['a', 'b'],
  );
  assert.ok(row.failed);
});

test('what is not loaded stands as gaps that end where pages end; what will never come stands as nothing', () => {
  const items = itemsOf([started(), answer(1, began)]);
  const rows = rowsOf(items, gapSize + 50, (index) => index < 10);
  assert.deepEqual(
    rows.slice(2).map((row) => (row.kind === 'gap' ? [row.index, row.end] : row.kind)),
    [
      [10, gapSize],
      [gapSize, gapSize + 50],
    ],
  );
});

test('an observation whose answer is not loaded stands alone, and joins it later', () => {
  const whole = itemsOf([started(), answer(1, began), observed(1, began)]);
  const holed = [whole[0], undefined, whole[2]];
  const rows = rowsOf(holed, 3, (index) => index !== 1);
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ['event', 'gap', 'event'],
  );
  assert.deepEqual(
    rowsOf(whole, 3, known).map(({ kind }) => kind),
    ['event', 'step'],
  );
});

test('failures and the submission are found in both directions', () => {
  const items = itemsOf([
    started(),
    ...[1, 2, 3].flatMap((step) => [
      answer(step, began),
      observed(step, began, { outcome: step === 2 ? 'timeout' : 'ok' }),
    ]),
    answer(4, began, { tool: 'submit' }),
  ]);
  const rows = rowsOf(items, items.length, known);
  assert.equal(landmark(rows, 'failure', -1, 1), 2);
  assert.equal(landmark(rows, 'failure', 2, 1), -1);
  assert.equal(landmark(rows, 'failure', rows.length, -1), 2);
  assert.equal(landmark(rows, 'submission', 0, 1), 4);
  assert.equal(rowAt(rows, 4), 2);
});
