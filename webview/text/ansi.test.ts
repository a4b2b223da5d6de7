import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ansiLines, mostCharacters } from './ansi.ts';

const words = (text: string) => ansiLines(text).map((line) => line.map((span) => span.text).join(''));

test('the sixteen colours become names, and end where they are reset', () => {
  const [line] = ansiLines('a \u001b[1;31merror\u001b[0m b \u001b[42mon green\u001b[0m');
  assert.deepEqual(
    line?.map(({ text, classes }) => [text, ...classes]),
    [['a '], ['error', 'bold', 'fg-red'], [' b '], ['on green', 'bg-green']],
  );
});

test('colours reach over lines', () => {
  const lines = ansiLines('\u001b[32mone\ntwo\u001b[0m\nthree');
  assert.deepEqual(
    lines.map((line) => line.map(({ text, classes }) => [text, ...classes])),
    [[['one', 'fg-green']], [['two', 'fg-green']], [['three']]],
  );
});

test('colours of the palette and true colours become values of CSS', () => {
  const [line] = ansiLines('\u001b[38;5;196mred\u001b[0m\u001b[38;2;1;2;3mdark\u001b[0m\u001b[48;5;244mgrey');
  assert.deepEqual(
    line?.map(({ color, background }) => [color, background]),
    [
      ['rgb(255, 0, 0)', null],
      ['rgb(1, 2, 3)', null],
      [null, 'rgb(128, 128, 128)'],
    ],
  );
});

test('what would steer a terminal is gone: titles, links, moves of the cursor, clearing, character sets', () => {
  assert.deepEqual(
    words(
      '\u001b]0;title\u0007a\u001b]8;;javascript:alert(1)\u001b\\link\u001b]8;;\u001b\\\u001b[2J\u001b[10;5Hb\u001b(0c\u001b[?25ld',
    ),
    ['alinkbcd'],
  );
});

test('an escape that never ends takes nothing else with it but its own string', () => {
  assert.deepEqual(words('\u001b]0;never ends'), ['']);
  assert.deepEqual(words('a\u001b[31'), ['a31']);
});

test('a progress bar stands as it was last drawn', () => {
  assert.deepEqual(words('10%\r50%\r100%\r\ndone\r\n'), ['100%', 'done', '']);
});

test('markup stays text, marks of direction are named', () => {
  assert.deepEqual(words('<img src=x onerror=alert(1)>\u202Etxt'), ['<img src=x onerror=alert(1)>⟨U+202E⟩txt']);
});

test('a line of 10 MB is taken apart in no time, its middle left out', () => {
  const began = performance.now();
  const lines = ansiLines('x'.repeat(10_000_000));
  assert.ok(performance.now() - began < 2000);
  assert.equal(lines.length, 3);
  assert.match(lines[1]?.[0]?.text ?? '', /9,600,000 characters/);
  assert.ok(lines.flat().reduce((sum, { text }) => sum + text.length, 0) < mostCharacters + 200);
});

test('a flood of unfinished escapes costs time in proportion to its length', () => {
  const began = performance.now();
  ansiLines('\u001b]'.repeat(200_000));
  assert.ok(performance.now() - began < 3000);
});
