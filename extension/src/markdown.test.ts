import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeBlock, escapeMarkdown, oneLine, shorten } from './markdown.ts';

test('a link, a command, HTML, an icon and a bare address of a model stay plain text', () => {
  for (const text of [
    '[x](command:aira2.stop)',
    '<img src=x onerror=alert(1)>',
    '$(sync~spin)',
    'https://example.org',
    '![p](x)',
  ])
    assert.doesNotMatch(escapeMarkdown(text), /(?<!\\)[[\]()<>$!:/]/, text);
});

test('line breaks of a text are kept and never more than one empty line', () => {
  assert.equal(escapeMarkdown('a\nb\r\n\n\nc'), 'a  \nb\n\nc');
});

test('a text is cut at a word, and never longer than asked', () => {
  assert.equal(shorten('one two three', 9), 'one two…');
  assert.equal(shorten('onetwothree', 6), 'onetw…');
  assert.equal(shorten('one', 3), 'one');
});

test('what could hide or reorder text does not reach a row of the tree', () => {
  assert.equal(oneLine('a\u202eb\tc\n\u001b[31md'), 'a b c [31md');
});

test('a code block cannot be left by backticks inside it', () => {
  assert.match(codeBlock('```\nescape'), /^````\n```\nescape\n````$/);
});
