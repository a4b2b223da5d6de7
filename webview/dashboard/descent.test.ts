import assert from 'node:assert/strict';
import test from 'node:test';
import type { Candidate } from '../../protocol/run.ts';
import { candidate } from '../../test/support/candidates.ts';
import { ancestry, type Family, lineOfDescent, neighbourhood } from './descent.ts';

function family(parents: Record<number, number[]>): Family {
  const members = new Map<number, Candidate>(
    Object.entries(parents).map(([id, of]) => [Number(id), candidate(Number(id), { parents: of })]),
  );
  return {
    candidate: (id) => members.get(id) ?? null,
    childrenOf: (id) =>
      [...members.values()].filter((member) => member.parents.includes(id)).map((member) => member.id),
  };
}

const kin = family({ 1: [], 2: [], 3: [1], 4: [3, 2], 5: [4], 6: [1], 7: [3, 3] });

test('the line of descent runs from the first draft along first parents', () => {
  assert.deepEqual(lineOfDescent(kin, 5), [1, 3, 4, 5]);
  assert.deepEqual(lineOfDescent(kin, 2), [2]);
  assert.deepEqual(lineOfDescent(kin, 99), []);
});

test('all programs that went into one are found, along both parents, each once', () => {
  assert.deepEqual([...ancestry(kin, 5)].sort(), [1, 2, 3, 4, 5]);
});

test('a lineage of thousands of generations does not overflow the stack', () => {
  const long = family(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [i + 1, i === 0 ? [] : [i]])));
  assert.equal(lineOfDescent(long, 5000).length, 5000);
  assert.equal(ancestry(long, 5000).size, 5000);
});

test('the neighbourhood names each relative once, and says how many it leaves out', () => {
  assert.deepEqual(neighbourhood(kin, 3), {
    parents: [1],
    siblings: [6],
    children: [4, 7],
    total: { siblings: 1, children: 2 },
  });
  assert.deepEqual(neighbourhood(kin, 7).parents, [3]);
  const cut = neighbourhood(kin, 1, 1);
  assert.deepEqual([cut.children, cut.total.children], [[3], 2]);
});
