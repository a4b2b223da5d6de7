import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreeItem } from './tree.ts';
import { flatTree, treeStep } from './treeRows.ts';

const items: TreeItem[] = [
  { id: 'a', label: '#1', children: [{ id: 'b', label: '#2', children: [{ id: 'c', label: '#3' }] }] },
  { id: 'd', label: 'other', children: [], expandable: true },
];
const ids = (expanded: string[]) => flatTree(items, new Set(expanded)).map(({ item }) => item.id);

test('only what is below unfolded items is in view', () => {
  assert.deepEqual(ids([]), ['a', 'd']);
  assert.deepEqual(ids(['a']), ['a', 'b', 'd']);
  assert.deepEqual(ids(['a', 'b']), ['a', 'b', 'c', 'd']);
  assert.deepEqual(ids(['b']), ['a', 'd']);
});

test('rows know their level, their place among siblings and their parent', () => {
  const rows = flatTree(items, new Set(['a', 'b']));
  assert.deepEqual(
    rows.map(({ level, position, siblings, parent }) => [level, position, siblings, parent]),
    [
      [1, 1, 2, -1],
      [2, 1, 1, 0],
      [3, 1, 1, 1],
      [1, 2, 2, -1],
    ],
  );
});

test('a lineage of ten thousand generations is no deeper than the stack', () => {
  let chain: TreeItem = { id: 'last', label: 'last' };
  const all = new Set<string>();
  for (let generation = 10_000; generation > 0; generation--) {
    all.add(String(generation));
    chain = { id: String(generation), label: '', children: [chain] };
  }
  assert.equal(flatTree([chain], all).length, 10_001);
});

test('arrows unfold, go in, fold and go out; letters lead to labels', () => {
  const rows = flatTree(items, new Set(['a']));
  assert.deepEqual(treeStep('ArrowRight', 0, rows, 5), { kind: 'move', index: 1 });
  assert.deepEqual(treeStep('ArrowRight', 1, rows, 5), { kind: 'toggle', id: 'b' });
  assert.deepEqual(treeStep('ArrowLeft', 1, rows, 5), { kind: 'move', index: 0 });
  assert.deepEqual(treeStep('ArrowLeft', 0, rows, 5), { kind: 'toggle', id: 'a' });
  assert.equal(treeStep('ArrowLeft', 2, rows, 5), null);
  assert.deepEqual(treeStep('O', 0, rows, 5), { kind: 'move', index: 2 });
  assert.deepEqual(treeStep('Enter', 1, rows, 5), { kind: 'activate', id: 'b' });
  assert.equal(treeStep('F5', 1, rows, 5), null);
});
