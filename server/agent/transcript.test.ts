import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { activeMsOf } from './transcript.ts';

const hour = 3_600_000;
const usage = { input: 1, cachedInput: 0, output: 1, thoughts: 0 };
const started: TrajectoryEvent = {
  type: 'started',
  at: 0,
  model: 'm',
  systemPrompt: '',
  prompt: '',
  seed: 1,
  context: null,
};
const reserved = (at: number): TrajectoryEvent => ({ type: 'reserved', at, step: 1, usage });
const charge = (at: number, cause: 'refused' | 'cut_off' = 'refused'): TrajectoryEvent => ({
  type: 'charge',
  at,
  step: 1,
  cause,
  detail: '503',
  usage,
});
const model = (at: number, parkedMs = 0): TrajectoryEvent => ({
  type: 'model',
  at,
  step: 1,
  reason: '',
  calls: [],
  finish: 'stop',
  usage,
  durationMs: 0,
  parkedMs,
});
const stoodStill = (at: number, parkedMs: number): TrajectoryEvent => ({ type: 'stood_still', at, step: 0, parkedMs });
const noRoom = (at: number, parkedMs: number): TrajectoryEvent => ({
  type: 'no_room',
  at,
  step: 1,
  purpose: 'act',
  isLast: false,
  scope: 'run',
  detail: 'no room',
  parkedMs,
});
const resumed = (at: number): TrajectoryEvent => ({ type: 'resumed', at, step: 0, sandboxKept: false });

describe('the time that an agent has been at work', () => {
  it('is all of it but what its provider took', () => {
    assert.equal(activeMsOf([started, reserved(10), model(1000)]), 1000);
    assert.equal(activeMsOf([started, reserved(10), charge(2000), reserved(5000), model(6000, 4990)]), 1010);
  });

  it('does not hold an outage that went on until the server was killed', () => {
    const outage = [reserved(10), charge(500), reserved(hour), charge(hour + 500), reserved(2 * hour)];
    const again = [charge(9 * hour, 'cut_off'), resumed(9 * hour), reserved(9 * hour + 10), model(9 * hour + 1000)];
    assert.equal(activeMsOf([started, ...outage, ...again]), 1000);
  });

  it('does not hold the time in which the server was down in the middle of a call', () => {
    assert.equal(activeMsOf([started, model(1000), reserved(1010), charge(hour, 'cut_off'), resumed(hour)]), 1000);
  });

  it('goes on after a standstill that the clock does not show, because it was set back before', () => {
    assert.equal(activeMsOf([started, stoodStill(500, hour), model(1500)]), 1000);
  });

  it('holds a call that has just been given up, until something else is known', () => {
    assert.equal(activeMsOf([started, reserved(10), charge(500)]), 500);
  });

  it('does not hold an outage after which the budget had no room for the call any more', () => {
    const outage = [reserved(1010), charge(1500), reserved(3 * hour), charge(3 * hour + 500)];
    const refused = [noRoom(3 * hour + 2500, 500), reserved(3 * hour + 2600), model(3 * hour + 3500)];
    assert.equal(activeMsOf([started, model(1000), ...outage, ...refused]), 2000);
  });

  it('does not hold what stood still, between events or in the middle of a call', () => {
    const slept = stoodStill(8 * hour, 8 * hour - 5000);
    assert.equal(activeMsOf([started, slept]), 5000);
    assert.equal(activeMsOf([started, slept, model(8 * hour + 1000)]), 6000);
    assert.equal(activeMsOf([started, reserved(10), slept, model(8 * hour + 1000)]), 6000);
    assert.equal(activeMsOf([started, reserved(10), slept, charge(8 * hour), reserved(9 * hour)]), hour + 5000);
  });

  it('leaves a standstill out once, also where the provider seemed to take it', () => {
    const call = [reserved(11_000), stoodStill(8 * hour, 8 * hour - 20_000), model(8 * hour + 1000, 8 * hour - 15_000)];
    assert.equal(activeMsOf([started, model(10_000), ...call]), 10_000);
  });

  it('is never less than it was where the clock was set back', () => {
    assert.equal(activeMsOf([started, model(hour), reserved(1000), model(3000)]), hour + 2000);
  });
});
