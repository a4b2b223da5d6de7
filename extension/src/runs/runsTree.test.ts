import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunView } from '../../../protocol/projection.ts';
import type { RunSummary } from '../../../protocol/run.ts';
import { type RunsNode, RunsTree } from './runsTree.ts';
import { candidate, score, summary, view } from './testRun.ts';

function treeOf(views: RunView[], order: 'lineage' | 'ranking' | 'time' = 'lineage', size?: number) {
  const source = {
    summaries: () => views.map((one): RunSummary => one.summary),
    problems: () => [],
    view: (run: string) => views.find((one) => one.summary.id === run) ?? null,
  };
  return new RunsTree(source, order, size);
}

const names = (nodes: RunsNode[]) =>
  nodes.map((node) =>
    node.kind === 'candidate' ? node.candidate : node.kind === 'more' ? `+${node.left}` : node.kind,
  );

test('in lineage a candidate stands under its first parent, and is found again from below', () => {
  const tree = treeOf([
    view([candidate(1), candidate(2), candidate(3, { parents: [1] }), candidate(4, { parents: [3, 2] })]),
  ]);
  const [run] = tree.children(undefined);
  const roots = tree.children(run);
  assert.deepEqual(names(roots), [1, 2]);
  const [third] = tree.children(roots[0]);
  assert.ok(third);
  const [fourth] = tree.children(third);
  assert.deepEqual(names(tree.children(third)), [4]);
  assert.ok(fourth);
  assert.equal(tree.parent(fourth), third);
  assert.equal(tree.parent(third), roots[0]);
  assert.equal(tree.find('run-one', 4), fourth, 'the same object, or VS Code would not find its row');
});

test('a parent that is younger than its child makes no circle', () => {
  const tree = treeOf([view([candidate(1, { parents: [2] }), candidate(2, { parents: [1] })])]);
  const [run] = tree.children(undefined);
  const [first] = tree.children(run);
  assert.deepEqual(names(tree.children(first)), [2]);
  assert.equal(tree.parent(tree.find('run-one', 1)), run);
});

test('in ranking the pinned come first, then the best by the metric, then work, then failures', () => {
  const candidates = [
    candidate(1, { search: score(0.5) }),
    candidate(2, { search: score(0.3) }),
    candidate(3, { state: 'running' }),
    candidate(4, { state: 'failed' }),
    candidate(5, { search: score(0.9), pinned: true }),
  ];
  const minimise = treeOf([view(candidates)], 'ranking');
  assert.deepEqual(names(minimise.children(minimise.children(undefined)[0])), [5, 2, 1, 3, 4]);
  const maximise = treeOf([view(candidates, { metric: { name: 'auc', direction: 'maximize' } })], 'ranking');
  assert.deepEqual(names(maximise.children(maximise.children(undefined)[0])), [5, 1, 2, 3, 4]);
});

test('a change that leaves the order as it is draws one row anew; one that changes it draws the list', () => {
  const one = view([candidate(1, { search: score(0.5) }), candidate(2, { search: score(0.3) })]);
  const tree = treeOf([one], 'ranking');
  const [run] = tree.children(undefined);
  tree.children(run);
  one.candidates.set(1, candidate(1, { search: score(0.4) }));
  assert.deepEqual(names(tree.changed('run-one', new Set([1]), false)), [1]);
  one.candidates.set(1, candidate(1, { search: score(0.2) }));
  assert.deepEqual(tree.changed('run-one', new Set([1]), false), [run]);
});

test('the first child makes its parent anew, so that it can be opened', () => {
  const one = view([candidate(1), candidate(2)]);
  const tree = treeOf([one]);
  const [run] = tree.children(undefined);
  tree.children(run);
  one.candidates.set(3, candidate(3, { parents: [2], state: 'running' }));
  assert.deepEqual(names(tree.changed('run-one', new Set([3]), false)), [2]);
});

test('a new child under an open parent draws the parent, not the run', () => {
  const one = view([candidate(1), candidate(2, { parents: [1] })]);
  const tree = treeOf([one]);
  const [run] = tree.children(undefined);
  const [first] = tree.children(run);
  tree.children(first);
  one.candidates.set(3, candidate(3, { parents: [1] }));
  assert.deepEqual(tree.changed('run-one', new Set([3]), false), [first]);
});

test('a long list is shown in pieces, and a candidate far down can be revealed', () => {
  const tree = treeOf([view(Array.from({ length: 25 }, (_, index) => candidate(index + 1)))], 'lineage', 10);
  const [run] = tree.children(undefined);
  const shown = tree.children(run);
  assert.deepEqual(names(shown.slice(9)), [10, '+15']);
  const more = shown.at(-1);
  assert.equal(more?.kind, 'more');
  if (more?.kind === 'more') assert.equal(tree.showMore(more), run);
  assert.equal(tree.children(run).length, 21);
  tree.find('run-one', 25);
  assert.equal(tree.children(run).length, 25);
});

test('a filter keeps what it finds with its ancestors, and runs that fit by their own words whole', () => {
  const other = view([candidate(1)], { id: 'run-two', config: { ...summary().config, task: 'verbs' } });
  const tree = treeOf([
    view([candidate(1), candidate(2, { parents: [1], summary: 'Gradient boosting' }), candidate(3)]),
    other,
  ]);
  tree.arrange('lineage', 'boosting');
  const [run, ...rest] = tree.children(undefined);
  assert.deepEqual(rest, []);
  assert.deepEqual(names(tree.children(run)), [1]);
  tree.arrange('ranking', '#3');
  assert.deepEqual(names(tree.children(run)), [3]);
  tree.arrange('lineage', 'verbs');
  assert.deepEqual(names(tree.children(tree.children(undefined)[0])), [1]);
});

test('live runs come first, then the newest', () => {
  const tree = treeOf([
    view([], { id: 'run-old', state: 'running', createdAt: 1 }),
    view([], { id: 'run-new', state: 'finished', createdAt: 3 }),
    view([], { id: 'run-mid', state: 'finished', createdAt: 2 }),
  ]);
  assert.deepEqual(
    tree.children(undefined).map(({ run }) => run),
    ['run-old', 'run-new', 'run-mid'],
  );
});

test('ten thousand candidates are laid out, paged and diffed within half a second of processor time', () => {
  const candidates = Array.from({ length: 10_000 }, (_, index) =>
    candidate(index + 1, { parents: index < 10 ? [] : [Math.floor(index / 3) + 1] }),
  );
  const one = view(candidates);
  const began = process.cpuUsage();
  for (const order of ['lineage', 'ranking', 'time'] as const) {
    const tree = treeOf([one], order);
    const [run] = tree.children(undefined);
    tree.children(run);
    tree.changed('run-one', new Set([5000]), false);
  }
  const { user, system } = process.cpuUsage(began);
  assert.ok(user + system < 500_000, `${(user + system) / 1000} ms`);
});
