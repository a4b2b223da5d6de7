import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pages, pageSize } from './pages.ts';
import { answer, began, itemsOf } from './sampleEvents.ts';

const log = itemsOf(
  Array.from({ length: pageSize * 5 }, (_, index) => answer(index + 1, began, { code: 'x'.repeat(1000) })),
);
const page = (number: number) => log.slice(number * pageSize, (number + 1) * pageSize);

test('pages are asked for whole, nearest first, in the direction of the view', () => {
  const pages = new Pages();
  pages.put(page(0), log.length);
  assert.deepEqual(pages.nextGap(0, 1), { from: pageSize, limit: pageSize });
  assert.deepEqual(pages.nextGap(pageSize * 3 + 5, -1), { from: pageSize * 3, limit: pageSize });
  assert.deepEqual(pages.nextGap(pageSize * 3 + 5, 1), { from: pageSize * 3, limit: pageSize });
  for (const number of [1, 2, 3, 4]) pages.put(page(number), log.length);
  assert.equal(pages.nextGap(0, 1), null);
  assert.ok(pages.complete);
});

test('the last page is asked for only as far as the log goes', () => {
  const pages = new Pages();
  pages.put([], pageSize + 3);
  assert.deepEqual(pages.nextGap(pageSize, 1), { from: pageSize, limit: 3 });
});

test('events that an answer leaves out are not asked for for ever', () => {
  const pages = new Pages();
  const even = page(0).filter(({ index }) => index % 2 === 0);
  pages.put(even, pageSize, { from: 0, limit: pageSize });
  assert.deepEqual(pages.nextGap(0, 1), { from: pageSize - 1, limit: 1 });
  assert.ok(pages.isAbsent(1));
  pages.put(even, pageSize, { from: 0, limit: pageSize });
  assert.ok(pages.complete);
});

test('an answer that was cut short leaves its rest to be asked for', () => {
  const pages = new Pages();
  pages.put(page(0), pageSize * 2);
  pages.put(log.slice(pageSize, pageSize + 10), pageSize * 2, { from: pageSize, limit: pageSize });
  assert.deepEqual(pages.nextGap(0, 1), { from: pageSize + 10, limit: pageSize - 10 });
  assert.deepEqual(pages.nextGap(pageSize * 2, -1), { from: pageSize + 10, limit: pageSize - 10 });
});

test('beyond the bound, what is farthest from the view is dropped and can be asked for again', () => {
  const pages = new Pages(pageSize * 1400 * 2);
  for (const number of [0, 1, 2, 3, 4]) pages.put(page(number), log.length);
  assert.ok(pages.release(pageSize * 4 + 1));
  assert.equal(pages.items[0], undefined);
  assert.ok(pages.items[pageSize * 4 + 1]);
  assert.ok(!pages.hasRoom);
  assert.deepEqual(pages.nextGap(0, 1), { from: 0, limit: pageSize });
  assert.ok(!pages.release(pageSize * 4 + 1));
});
