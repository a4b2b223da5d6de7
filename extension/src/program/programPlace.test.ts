import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childrenOf, mainFile, parsePlace } from './programPlace.ts';

const entries = ['solution.py', 'lib/a.py', 'lib/deep/b.py', 'README.md'].map((path) => ({ path, bytes: 1 }));

test('a folder lists its own files and folders once', () => {
  assert.deepEqual(childrenOf(entries, ''), [
    { name: 'solution.py', isFolder: false },
    { name: 'lib', isFolder: true },
    { name: 'README.md', isFolder: false },
  ]);
  assert.deepEqual(childrenOf(entries, 'lib'), [
    { name: 'a.py', isFolder: false },
    { name: 'deep', isFolder: true },
  ]);
  assert.deepEqual(childrenOf(entries, 'li'), []);
});

test('a path that leaves the program, or names no run or candidate, is none', () => {
  assert.deepEqual(parsePlace('run-one', 'candidate-12', 'lib/a.py'), {
    run: 'run-one',
    candidate: 12,
    path: 'lib/a.py',
  });
  for (const [run, folder, path] of [
    ['run-one', 'candidate-12', '../../private/answers.csv'],
    ['run-one', 'candidate-12', 'a//b'],
    ['../x', 'candidate-12', 'a'],
    ['run-one', 'candidate-0', 'a'],
    ['run-one', 'candidate-1e3', 'a'],
  ] as const)
    assert.equal(parsePlace(run, folder, path), null, `${run}/${folder}/${path}`);
});

test('the file that is run is shown first', () => {
  assert.equal(mainFile(entries), 'solution.py');
  assert.equal(
    mainFile([
      { path: 'x/y.py', bytes: 1 },
      { path: 'z.py', bytes: 1 },
    ]),
    'z.py',
  );
  assert.equal(mainFile([]), null);
});
