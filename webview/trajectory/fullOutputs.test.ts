import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, asked, type FullOutputs } from './fullOutputs.ts';

const piece = (offset: number, nextOffset: number | null) => ({
  index: 4,
  offset,
  text: `at ${offset}`,
  bytes: 300,
  nextOffset,
});

test('going on and back through an output leads to the pieces that there were', () => {
  let outputs: FullOutputs = new Map();
  for (const [offset, next] of [
    [0, 100],
    [100, 200],
    [200, null],
  ] as const)
    outputs = answered(asked(outputs, 4, offset), piece(offset, next));
  assert.deepEqual(outputs.get(4)?.before, [0, 100]);
  outputs = answered(asked(outputs, 4, 100), piece(100, 200));
  assert.deepEqual(outputs.get(4)?.before, [0]);
  assert.equal(outputs.get(4)?.text, 'at 100');
});

test('a piece that is not waited for any more changes nothing', () => {
  const outputs = asked(new Map(), 4, 100);
  assert.equal(answered(outputs, piece(0, 100)), outputs);
  assert.equal(answered(new Map(), piece(0, 100)).size, 0);
});

test('of many outputs the oldest makes room', () => {
  let outputs: FullOutputs = new Map();
  for (let index = 0; index < 30; index++) outputs = asked(outputs, index, 0);
  assert.equal(outputs.size, 12);
  assert.ok(outputs.has(29));
  assert.ok(!outputs.has(0));
});
