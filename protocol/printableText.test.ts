import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printableText } from './printableText.ts';

test('what steers a terminal is taken out, in all its forms', () => {
  const cases = {
    'plain – ünï 世界 🎉\ttab\nline': 'plain – ünï 世界 🎉\ttab\nline',
    'a\u001b[31mred\u001b[0m': 'ared',
    'clear\u001b[2J\u001b[H': 'clear',
    'title\u001b]0;owned\u0007!': 'title!',
    'link\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\': 'linktext',
    'c1 \u009b31m': 'c1 ',
    'bell\u0007 back\u0008 delete\u007f nul\0': 'bell back delete nul',
    '10 %\r20 %\r\ndone': '10 %\n20 %\ndone',
    'half \u001b': 'half ',
  };
  for (const [given, expected] of Object.entries(cases)) assert.equal(printableText(given), expected);
});
