import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWhole, maxProgramCharacters, programText } from './programText.ts';

const command = ['python', 'solution.py'];
const file = (path: string, content: string | Buffer) => ({
  path,
  contentBase64: Buffer.from(content).toString('base64'),
});

test('a program that fits is shown whole, in the order of its paths', () => {
  const program = programText(
    [file('a.py', 'a'), file('data.bin', Buffer.from([0xff, 0])), file('solution.py', 's')],
    command,
  );
  assert.deepEqual(Object.entries(program), [
    ['a.py', 'a'],
    ['data.bin', '(2 bytes, not text)'],
    ['solution.py', 's'],
  ]);
  assert.deepEqual(Object.values(program).map(isWhole), [true, false, true]);
});

test('two hundred large files are bounded in all: the entry file first, then the smaller ones, the rest by name', () => {
  const others = Array.from({ length: 199 }, (_, index) => file(`lib${index}.py`, 'x'.repeat(40_000 + index)));
  const program = programText([...others, file('solution.py', 'y'.repeat(50_000))], command);
  const whole = Object.entries(program).filter(([, text]) => isWhole(text));
  assert.deepEqual(
    whole.map(([path]) => path),
    ['lib0.py', 'solution.py'],
  );
  assert.equal(Object.keys(program).length, 200);
  assert.equal(program['lib198.py'], '(40198 bytes, left out: there is too much of this program)');
  const characters = Object.values(program).reduce((sum, text) => sum + text.length, 0);
  assert.ok(characters < maxProgramCharacters + 200 * 80, String(characters));
});

test('an entry file that is too long by itself is shown from its beginning', () => {
  const program = programText([file('solution.py', 'y'.repeat(150_000)), file('a.py', 'a')], command);
  assert.ok(program['solution.py']?.endsWith('y\n… (30000 characters more)'));
  assert.ok(!isWhole(program['solution.py'] ?? ''));
  assert.equal(program['a.py'], '(1 bytes, left out: there is too much of this program)');
});
