import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { presentOutput } from './presentation.ts';

describe('what an agent sees of the bytes of a terminal', () => {
  const cases: [what: string, given: string, shown: string][] = [
    ['colours are taken out', '\u001b[1;31mred\u001b[0m', 'red'],
    ['of a progress bar its last state is left', '10%\r50%\r100%\ndone', '100%\ndone'],
    ['a bar that ends in a return is left too', '10%\r100%\r', '100%'],
    ['CRLF is the end of a line', 'a\r\nb\r\n', 'a\nb\n'],
    ['NUL is shown', 'a\0b', 'a\u2400b'],
    ['many NULs are counted', `a${'\0'.repeat(9)}b`, 'a\u2400[9 times]b'],
    [
      'noise of a shell without a terminal is taken out',
      'bash: [7: 2 (255)] tcsetattr: Inappropriate ioctl for device\nx',
      'x',
    ],
    ['ordinary brackets stay', '[1] 0.5\n[2] 7\n', '[1] 0.5\n[2] 7\n'],
  ];
  for (const [what, given, shown] of cases) test(what, () => assert.equal(presentOutput(given, null), shown));

  test('notices of jobs go only where their numbers say that they are notices', () => {
    assert.equal(presentOutput('[1] 31\n[2] 32\n[1] 5\n[1] 99\n', { above: 30, upTo: 32 }), '[1] 5\n[1] 99\n');
  });
});
