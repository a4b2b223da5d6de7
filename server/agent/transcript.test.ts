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

  it('holds a call that has just been given up, until something else is known', () => {
    assert.equal(activeMsOf([started, reserved(10), charge(500)]), 500);
  });
});
