import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { answer, began, itemsOf, observed, started } from './sampleEvents.ts';
import { TrajectoryModel } from './trajectoryModel.ts';

function modelOf(events: readonly TrajectoryEvent[]): TrajectoryModel {
  const model = new TrajectoryModel();
  model.put(itemsOf(events), events.length, null);
  return model;
}

test('a tool that has not answered is under way since it was called', () => {
  const { underWay } = modelOf([started(), answer(1, began + 10_000, { tool: 'bash' })]);
  assert.deepEqual(underWay, { activity: 'tools', tool: 'bash', since: began + 10_000 });
});

test('a tool that the machine stood still with goes on, and has not run all the while', () => {
  const still: TrajectoryEvent = { type: 'stood_still', at: began + 80_000, step: 1, parkedMs: 60_000 };
  const { underWay } = modelOf([started(), answer(1, began + 10_000, { tool: 'bash' }), still]);
  assert.deepEqual(underWay, { activity: 'tools', tool: 'bash', since: began + 70_000 });
});

test('after an observation the agent thinks', () => {
  const { underWay } = modelOf([started(), answer(1, began + 10_000), observed(1, began + 16_000)]);
  assert.deepEqual(underWay, { activity: 'thinking', tool: null, since: began + 16_000 });
});

test('an agent that the machine stood still with goes on thinking, and the strip draws it as long as it is said to be', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: began + 120_000 });
  const still = (at: number): TrajectoryEvent => ({ type: 'stood_still', at, step: 1, parkedMs: 30_000 });
  const model = modelOf([
    started(),
    answer(1, began + 10_000),
    observed(1, began + 16_000),
    still(began + 60_000),
    still(began + 100_000),
  ]);
  assert.deepEqual(model.underWay, { activity: 'thinking', tool: null, since: began + 76_000 });
  const { stretches } = model.timeline({ state: 'running', endedAt: null }, true);
  const drawn = stretches.at(-1);
  assert.deepEqual([drawn?.activity, (drawn?.to ?? 0) - (drawn?.from ?? 0)], ['thinking', 44_000]);
});

test('the second of two tools is under way since the first one has answered', () => {
  const one = answer(1, began + 10_000);
  const calls = one.type === 'model' ? [...one.calls, { id: 'call-2', name: 'bash', arguments: {} }] : [];
  const { underWay } = modelOf([started(), { ...one, calls } as TrajectoryEvent, observed(1, began + 16_000)]);
  assert.deepEqual(underWay, { activity: 'tools', tool: 'bash', since: began + 16_000 });
});

test('nothing is under way that has not begun', () => assert.equal(modelOf([]).underWay, null));

test('the strip shows what is under way', () => {
  const model = modelOf([started(), answer(1, began + 10_000)]);
  const running = { state: 'running', endedAt: null } as const;
  assert.equal(model.timeline(running, true).stretches.at(-1)?.activity, 'tools');
  assert.equal(model.timeline({ ...running }, false).stretches.at(-1)?.activity, 'thinking', 'the run is down');
  assert.equal(model.timeline({ state: 'scored', endedAt: began }, true).stretches.at(-1)?.activity, 'thinking');
});
