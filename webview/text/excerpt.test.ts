import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ansiLines } from './ansi.ts';
import { excerpt, shortLine } from './excerpt.ts';

const lines = (count: number) => ansiLines(Array.from({ length: count }, (_, index) => `line ${index}`).join('\n'));

test('what is only a little longer than its excerpt is shown whole', () => {
  assert.equal(excerpt(lines(15), { head: 8, tail: 4 }).hidden, 0);
  assert.equal(excerpt(lines(15), { head: 8, tail: 4 }).head.length, 15);
});

test('of a long text the beginning and the end are shown, and every line is counted once', () => {
  const { head, hidden, tail } = excerpt(lines(100), { head: 8, tail: 4 });
  assert.equal(head.length + hidden + tail.length, 100);
  assert.equal(head[7]?.[0]?.text, 'line 7');
  assert.equal(tail[0]?.[0]?.text, 'line 96');
});

test('a long line is cut at its limit, over all its spans', () => {
  const [line] = ansiLines(`${'a'.repeat(60)}\u001b[31m${'b'.repeat(60)}\u001b[0m${'c'.repeat(60)}`);
  assert.ok(line);
  const short = shortLine(line, 100);
  assert.equal(short.line.map(({ text }) => text).join(''), 'a'.repeat(60) + 'b'.repeat(40));
  assert.equal(short.cut, 80);
});
