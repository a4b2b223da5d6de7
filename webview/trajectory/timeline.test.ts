import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { answer, began, itemsOf, observed, started } from './sampleEvents.ts';
import { stretchAt, stretchOf, timedEvent, timelineOf } from './timeline.ts';

const running = { state: 'running', endedAt: null } as const;
const timed = (events: readonly TrajectoryEvent[]) => itemsOf(events).map((item) => timedEvent(item, () => 'bash'));
const drawn = (
  events: readonly TrajectoryEvent[],
  candidate: Parameters<typeof timelineOf>[2] = running,
  now = began,
) => timelineOf(timed(events), events.length, candidate, now);

test('thinking, tools and what lies between add up to the whole', () => {
  const line = drawn([started(), answer(1, began + 12_000), observed(1, began + 18_000)]);
  assert.deepEqual(
    line.stretches.map(({ activity, from, to }) => [activity, from, to]),
    [
      ['waiting', 0, 2000],
      ['thinking', 2000, 12_000],
      ['waiting', 12_000, 13_000],
      ['tools', 13_000, 18_000],
    ],
  );
  assert.equal(line.length, 18_000);
  assert.equal(
    Object.values(line.totals).reduce((sum, ms) => sum + ms, 0),
    line.length,
  );
});

test('time in which the provider did not answer is parked, before the thinking', () => {
  const line = drawn([started(), answer(1, began + 40_000, { parkedMs: 30_000 })]);
  assert.deepEqual(
    line.stretches.map(({ activity, to }) => [activity, to]),
    [
      ['parked', 30_000],
      ['thinking', 40_000],
    ],
  );
});

test('downtime of the server is a break and no part of the length', () => {
  const hour = 3_600_000;
  const line = drawn([
    started(),
    answer(1, began + 10_000),
    { type: 'resumed', at: began + hour, step: 1, sandboxKept: true },
    observed(1, began + hour + 6000),
  ]);
  assert.deepEqual(line.breaks, [10_000]);
  assert.equal(line.length, 16_000);
});

test('what stood still is a break and no part of the length, and a tool that it cut in two is one', () => {
  const hour = 3_600_000;
  const line = drawn([
    started(),
    answer(1, began + 10_000),
    { type: 'stood_still', at: began + hour + 12_000, step: 1, parkedMs: hour },
    observed(1, began + hour + 16_000, { durationMs: 6000 }),
  ]);
  assert.deepEqual(line.breaks, [10_000]);
  assert.equal(line.totals.tools, 6000);
  assert.equal(line.length, 16_000);
});

test('calls that ran beside each other are not counted twice', () => {
  const line = drawn([
    started(),
    answer(1, began + 10_000),
    observed(1, began + 15_000, { durationMs: 5000 }),
    observed(1, began + 16_000, { durationMs: 6000 }),
  ]);
  assert.equal(line.length, 16_000);
});

test('a clock that went backwards makes no negative stretch', () => {
  const line = drawn([started(), answer(1, began + 10_000), observed(1, began + 4000), answer(2, began + 21_000)]);
  assert.ok(line.stretches.every(({ from, to }) => to >= from));
  assert.equal(line.length, 21_000);
});

test('what the agent does now is drawn up to now, and what it waits for when it has ended is not', () => {
  const events = [started(), answer(1, began + 10_000)];
  const underWay = { activity: 'tools', tool: 'python' } as const;
  const line = timelineOf(timed(events), 2, running, began + 25_000, underWay);
  const { activity, tool, from, to, index } = line.stretches.at(-1) ?? assert.fail('nothing is drawn');
  assert.deepEqual([activity, tool, from, to, index], ['tools', 'python', 10_000, 25_000, 1]);
  assert.equal(line.totals.tools, 15_000);
  const failed = timelineOf(timed(events), 2, { state: 'failed', endedAt: began + 12_000 }, began + 25_000, underWay);
  assert.equal(failed.length, 10_000);
});

test('the evaluation follows, and grows while it is under way', () => {
  const events = [started(), answer(1, began + 10_000, { tool: 'submit' }), observed(1, began + 15_000)];
  const evaluating = { state: 'evaluating', submittedAt: began + 15_000, endedAt: null } as const;
  const line = drawn(events, evaluating, began + 45_000);
  assert.equal(line.submitted, 15_000);
  assert.equal(line.totals.evaluation, 30_000);
  const ended = drawn(events, { ...evaluating, state: 'scored', endedAt: began + 20_000 }, began + 90_000);
  assert.equal(ended.totals.evaluation, 5000);
});

test('events that are not loaded are a stretch of their own', () => {
  const events: (ReturnType<typeof timedEvent> | undefined)[] = timed([
    started(),
    answer(1, began + 10_000),
    observed(1, began + 20_000),
    answer(2, began + 35_000),
  ]);
  events[1] = undefined;
  events[2] = undefined;
  const line = timelineOf(events, 4, running, began);
  assert.deepEqual(
    line.stretches.map(({ activity, to }) => [activity, to]),
    [
      ['unknown', 25_000],
      ['thinking', 35_000],
    ],
  );
});

test('a moment leads to its stretch, and one beyond the end to the last', () => {
  const { stretches } = drawn([started(), answer(1, began + 10_000), observed(1, began + 15_000)]);
  assert.equal(stretchAt(stretches, 9999)?.activity, 'thinking');
  assert.equal(stretchAt(stretches, 12_000)?.activity, 'tools');
  assert.equal(stretchAt(stretches, 99_999)?.activity, 'tools');
  assert.equal(stretchAt([], 5), null);
});

test('an event leads to the first stretch that tells of it, or of a later one', () => {
  const { stretches } = drawn([started(), answer(1, began + 10_000), observed(1, began + 15_000)]);
  assert.equal(stretchOf(stretches, 0), 0);
  assert.equal(stretches[stretchOf(stretches, 2)]?.activity, 'tools');
  assert.equal(stretchOf(stretches, 3), stretches.length);
});
