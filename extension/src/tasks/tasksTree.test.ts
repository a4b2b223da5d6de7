import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskListing } from '../../../protocol/clientViews.ts';
import { taskReference } from '../../../protocol/taskReference.ts';
import { TasksTree, taskRow } from './tasksTree.ts';

const listing = (change: Partial<TaskListing> = {}): TaskListing => ({
  id: 'diamonds',
  version: 1,
  title: 'Diamonds',
  modality: 'tabular',
  metric: { name: 'rmse', direction: 'minimize' },
  builtin: true,
  prepared: true,
  counts: { train: 100, search: 10, validation: 10, test: 10 },
  problem: null,
  manifest: '/ext/tasks/diamonds/task.yaml',
  ...change,
});

test('tasks of the person come first, and groups without tasks are left out', () => {
  const tree = new TasksTree();
  tree.set([listing(), listing({ id: 'churn', builtin: false, manifest: '/home/ada/churn/task.yaml' })]);
  const groups = tree.children(undefined);
  assert.deepEqual(
    groups.map((node) => node.id),
    ['own', 'builtin'],
  );
  const [churn] = tree.children(groups[0]);
  assert.ok(churn);
  assert.equal(tree.parent(churn), groups[0]);
  tree.set([listing()]);
  assert.deepEqual(
    tree.children(undefined).map(({ id }) => id),
    ['builtin'],
  );
});

test('a built-in task is asked for by name, a person’s own by its path', () => {
  assert.equal(taskReference(listing()), 'diamonds@1');
  assert.equal(
    taskReference(listing({ builtin: false, manifest: '/home/ada/churn/task.yaml' })),
    '/home/ada/churn/task.yaml',
  );
  assert.equal(taskReference(listing({ builtin: false, manifest: null })), 'diamonds@1');
});

test('a task that cannot be used says why, and offers no run', () => {
  const tree = new TasksTree();
  tree.set([listing({ problem: 'table.csv is\nmissing' })]);
  const [node] = tree.children(tree.children(undefined)[0]);
  assert.ok(node);
  const row = taskRow(node);
  assert.equal(row.description, 'table.csv is missing');
  assert.doesNotMatch(row.contextValue, /;usable;/);
});
