import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inertWords } from './inertWords.ts';

it('words of a model make no HTML, link, image, heading, cell or line of their own', () => {
  const hostile =
    '\n# head\n<img src=x onerror=alert(1)> <https://x.test> ![i](https://x.test/i.png) [l](command:y) a | b \\<b> \\[m](n) \u202Egnp';
  const words = inertWords(hostile, 400);
  assert.ok(!words.includes('\n') && !words.includes('\u202E'));
  // What is escaped is a letter like any other, a backslash, too.
  assert.doesNotMatch(words.replaceAll(/\\[\\<[|]/g, ''), /[<[|]/);
  assert.ok(words.includes('alert(1)'), 'they can be read');
});

it('a text is cut before it is escaped: no half of an escape is left', () => {
  assert.equal(inertWords('aaa<b', 4), 'aaa\\<');
  assert.equal(inertWords('aaa\\<', 4), 'aaa\\\\');
  assert.equal(inertWords('plain words, 1 > 0'), 'plain words, 1 > 0');
});
