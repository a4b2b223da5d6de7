import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowAfterKey, rowWindow, scrollToShow } from './rowWindow.ts';

test('rows in view and some around them are drawn, never beyond the ends', () => {
  assert.deepEqual(rowWindow(0, 220, 22, 10_000), { from: 0, to: 19 });
  const { from, to } = rowWindow(110_000, 220, 22, 10_000);
  assert.ok(from <= 4992 && to >= 5011 && to - from < 40);
  assert.equal(rowWindow(10_000 * 22, 220, 22, 10_000).to, 10_000);
  assert.deepEqual(rowWindow(500, 220, 22, 0), { from: 0, to: 0 });
});

test('a view that was scrolled beyond a list that has become short still draws its last rows', () => {
  const { from, to } = rowWindow(100_000, 220, 22, 5);
  assert.ok(from < 5 && to === 5);
});

test('scrolling to a row moves as little as needed, and not under the header', () => {
  assert.equal(scrollToShow(5, 0, 220, 22), 0);
  assert.equal(scrollToShow(50, 0, 220, 22), 51 * 22 - 220);
  assert.equal(scrollToShow(50, 0, 220, 22, 22), 52 * 22 - 220);
  assert.equal(scrollToShow(3, 500, 220, 22), 66);
});

test('keys stop at both ends, and other keys move nothing', () => {
  assert.equal(rowAfterKey('ArrowUp', 0, 10, 5), 0);
  assert.equal(rowAfterKey('PageDown', 8, 10, 5), 9);
  assert.equal(rowAfterKey('End', 0, 10, 5), 9);
  assert.equal(rowAfterKey('x', 0, 10, 5), null);
  assert.equal(rowAfterKey('End', 0, 0, 5), null);
});
