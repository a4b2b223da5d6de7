import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotView } from '../../../protocol/clientViews.ts';
import { summary } from '../runs/testRun.ts';
import { gpuWords, WorkersTree } from './workersTree.ts';

const slot = (change: Partial<SlotView> = {}): SlotView => ({
  slot: 0,
  state: 'ready',
  detail: '',
  pid: 7,
  gpuUuid: null,
  gpus: [],
  gpuProblem: null,
  activities: [],
  ...change,
});

const gpu = {
  uuid: 'GPU-1',
  index: 0,
  name: 'NVIDIA H200',
  utilizationPercent: 83.4,
  memoryUsedMb: 20_582,
  memoryTotalMb: 143_155,
  temperatureC: null,
  powerW: null,
};

function treeOf(slots: readonly SlotView[]) {
  return new WorkersTree({ slots: () => new Map([['run-one', slots]]), summary: () => summary() });
}

test('every agent is shown with what it does and for how long, under its slot', () => {
  const tree = treeOf([slot({ gpus: [gpu], activities: [{ candidate: 12, doing: 'python', since: 1000 }] })]);
  const [run] = tree.children(undefined);
  const [first] = tree.children(run);
  const [activity] = tree.children(first);
  assert.ok(run && first && activity);
  assert.match(tree.row(run, 0).description, /^1 slot · 1 agent at work/);
  assert.equal(tree.row(first, 0).description, 'GPU 0 H200 83 %, 20.1 of 139.8 GB');
  assert.equal(tree.row(activity, 35_000).description, 'python · 34 s');
  assert.equal(tree.children(tree.children(undefined)[0])[0], first, 'rows stay the same objects');
});

test('time that goes by draws what agents do, readings draw their slot, another agent the whole view', () => {
  const slots = [slot({ activities: [{ candidate: 1, doing: 'bash', since: 0 }] })];
  const tree = treeOf(slots);
  const kinds = () => tree.changed('run-one')?.map(({ kind }) => kind);
  assert.equal(kinds(), undefined);
  const [first] = tree.children(tree.children(undefined)[0]);
  assert.ok(first);
  tree.row(first, 0);
  slots[0] = slot({ activities: [{ candidate: 1, doing: 'python', since: 9 }] });
  assert.deepEqual(kinds(), ['activity']);
  slots[0] = slot({ activities: [{ candidate: 1, doing: 'python', since: 9 }], gpus: [gpu] });
  assert.deepEqual(kinds(), ['slot']);
  slots[0] = slot({ activities: [{ candidate: 2, doing: 'bash', since: 9 }] });
  assert.equal(tree.changed('run-one'), undefined);
});

test('a slot that is lost, or whose GPU cannot be trusted, looks so', () => {
  const tree = treeOf([
    slot({ state: 'lost', detail: 'no word for 60 s' }),
    slot({ slot: 1, gpuProblem: 'telemetry silent' }),
  ]);
  const [lost, silent] = tree.children(tree.children(undefined)[0]);
  assert.ok(lost && silent);
  assert.equal(tree.row(lost, 0).icon.id, 'error');
  assert.match(tree.row(lost, 0).description, /lost: no word for 60 s/);
  assert.equal(tree.row(silent, 0).icon.id, 'warning');
});

test('a GPU without readings is named and nothing is made up', () => {
  assert.equal(gpuWords({ ...gpu, utilizationPercent: null, memoryUsedMb: null }), 'GPU 0 H200');
});
