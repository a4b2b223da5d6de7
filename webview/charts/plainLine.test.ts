import assert from 'node:assert/strict';
import test from 'node:test';
import { plainLine } from './plainLine.ts';

test('nothing that a model writes turns the rest of a line around or breaks it', () => {
  assert.equal(plainLine('a\u202eb\u2066c\u0000\u001b[31m d\r\n\te'), 'abc[31m d e');
});

test('a line is cut between characters, and however long the text, only its beginning is looked at', () => {
  assert.equal(plainLine('🎓🎓🎓🎓', 3), '🎓🎓…');
  assert.equal(plainLine('x'.repeat(5_000_000), 10), 'xxxxxxxxx…');
});
