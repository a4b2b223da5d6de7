import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitFooter } from './eventFacts.ts';
import { rowsOf } from './rows.ts';
import { answer, began, itemsOf, observed, started } from './sampleEvents.ts';
import { nextMatch, Search, searchPattern } from './search.ts';

const items = itemsOf([
  started(),
  answer(1, began, { code: 'import lightgbm' }),
  observed(1, began, { text: 'No module named LightGBM' }),
  answer(2, began, { reason: 'a.b (c)' }),
  observed(2, began),
]);

function searchFor(words: string): Search {
  const pattern = searchPattern(words);
  assert.ok(pattern);
  return new Search(pattern);
}

test('words are found whatever their case, in the code and in what it showed, and each row once', () => {
  const search = searchFor('lightgbm');
  search.look(items);
  assert.equal(search.count, 2);
  assert.deepEqual(search.rows(rowsOf(items, 5, () => true)), [1]);
});

test('signs of regular expressions are looked for as they are', () => {
  const search = searchFor('a.b (');
  search.look(items);
  assert.equal(search.count, 1);
  assert.equal(searchPattern('  '), null);
});

test('an event is searched once, however often pages come in', () => {
  const search = searchFor('lightgbm');
  search.look(items.slice(0, 2));
  search.look(items);
  search.look(items);
  assert.equal(search.count, 2);
});

test('events that have not been searched are told one after the other, from the view on and round the end', () => {
  const search = searchFor('x');
  search.look([items[0], undefined, undefined, items[3]]);
  assert.equal(
    search.nextUnsearched(3, 5, () => false),
    4,
  );
  search.look([undefined, undefined, undefined, undefined, items[4]]);
  assert.equal(
    search.nextUnsearched(3, 5, () => false),
    1,
  );
  assert.equal(
    search.nextUnsearched(3, 5, () => true),
    null,
  );
});

test('a match in events that were dropped again leads to their gap', () => {
  const search = searchFor('lightgbm');
  search.look(items);
  const rows = rowsOf([], 5, () => false);
  assert.deepEqual(search.rows(rows), [0]);
});

test('going on from the last match leads to the first', () => {
  assert.equal(nextMatch([2, 5, 9], 5, 1), 9);
  assert.equal(nextMatch([2, 5, 9], 9, 1), 2);
  assert.equal(nextMatch([2, 5, 9], 2, -1), 9);
  assert.equal(nextMatch([], 2, 1), -1);
});

test("the engine's line under an observation is told apart from what the program printed", () => {
  assert.deepEqual(splitFooter('a\n[1, 2]\n[ok · 1.2 s · step 5/60]'), {
    output: 'a\n[1, 2]',
    footer: 'ok · 1.2 s · step 5/60',
  });
  assert.deepEqual(splitFooter('a\n[1, 2]'), { output: 'a\n[1, 2]', footer: null });
});
