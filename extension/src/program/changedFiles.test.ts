import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedFiles } from './changedFiles.ts';

const program = (files: Record<string, string>) =>
  new Map(Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]));

test('files that are the same are left out; new, gone and changed ones are told apart', () => {
  assert.deepEqual(changedFiles(program({ a: '1', b: '2', c: '3' }), program({ a: '1', b: 'x', d: '4' })), [
    { path: 'b', how: 'changed' },
    { path: 'c', how: 'removed' },
    { path: 'd', how: 'added' },
  ]);
});
