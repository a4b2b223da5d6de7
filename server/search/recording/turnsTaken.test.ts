import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import { Trajectory } from '../../../test/support/trajectory.ts';
import { recordedRefusals, recordedTurns, turnsIn } from './turnsTaken.ts';

const usage = { input: 1, cachedInput: 0, output: 1, thoughts: 0 };

const model = (step: number, isLast?: true): TrajectoryEvent => ({
  ...{ type: 'model', at: step, step, reason: '', calls: [], finish: 'stop', usage, durationMs: 1 },
  ...(isLast === undefined ? {} : { isLast }),
});
const noRoom = (step: number, isLast: boolean, purpose: 'act' | 'snapshot' = 'act'): TrajectoryEvent => ({
  ...{ type: 'no_room', at: step, step, purpose, isLast, scope: 'run', detail: 'no room' },
});
const malformed: TrajectoryEvent = {
  ...{ type: 'discarded', at: 1, step: 1, cause: 'malformed', finish: 'x', usage, durationMs: 1 },
};
const ended = (reason: Extract<TrajectoryEvent, { type: 'ended' }>['reason'], step: number): TrajectoryEvent => ({
  ...{ type: 'ended', at: 9, step, reason },
});

describe('the turns of a recorded agent', () => {
  it('were begun as the last where time was short, also after the agent had been told', () => {
    const { events } = new Trajectory().add(model(1)).notice('final_warning');
    const told: TrajectoryEvent = { type: 'notice', at: 1, step: 1, kind: 'final_warning', text: '' };
    const turns = recordedTurns(turnsIn([...events.slice(0, 2), told, model(2, true), model(3, true)]));
    assert.deepEqual(
      [0, 1, 2].map((step) => turns.isLast(step)),
      [false, true, true],
    );
  });

  it('were not begun as the last where it was the budget that had no room: that is refused again at the same place', () => {
    const taken = turnsIn([model(1), malformed, noRoom(2, false), model(2, true), ended('submitted', 2)]);
    assert.equal(recordedTurns(taken).isLast(1), false);
    const refusal = recordedRefusals(taken);
    const place = { agent: 'c1', purpose: 'act', step: 2 } as const;
    assert.equal(refusal({ ...place, attempt: 0 }, false), null);
    assert.equal(refusal({ ...place, attempt: 1 }, true), null);
    const error = refusal({ ...place, attempt: 1 }, false);
    assert.deepEqual([error?.scope, error?.message], ['run', 'no room']);
  });

  it('came to no last one where there was no room for it, or time was up', () => {
    const poor = turnsIn([model(1), noRoom(2, false), noRoom(2, true), ended('run_budget', 1)]);
    assert.deepEqual([poor.last, poor.over, poor.refused.length], [[], null, 2]);
    const late = recordedTurns(turnsIn([model(1), model(2), ended('time_limit', 2)]));
    assert.deepEqual([late.isOver(1), late.isOver(2), late.isLast(2)], [false, true, false]);
    const told: TrajectoryEvent = { type: 'notice', at: 1, step: 1, kind: 'final_warning', text: '' };
    const withheld = recordedTurns(turnsIn([model(1), told, ended('failed', 1)]));
    assert.equal(withheld.isLast(1), true);
  });

  it('hold calls that were cut off, each with the time that it had', () => {
    const { events } = new Trajectory().step();
    const turns = recordedTurns(
      turnsIn(
        events.map((event) =>
          event.type === 'observation'
            ? { ...event, observation: { ...event.observation, outcome: 'timeout', durationMs: 1500 } }
            : event,
        ),
      ),
    );
    assert.deepEqual([turns.cutOffMs(1, 0), turns.cutOffMs(2, 0)], [1500, null]);
  });

  it('forget a refusal where there was room after all', () => {
    const taken = turnsIn([
      model(1),
      noRoom(2, false),
      { type: 'resumed', at: 5, step: 1, sandboxKept: true },
      model(2),
    ]);
    assert.deepEqual(taken.refused, []);
  });

  it('refuse a snapshot where the recorded one was', () => {
    const refusal = recordedRefusals(turnsIn([model(1), malformed, noRoom(2, false, 'snapshot'), model(2)]));
    const place = { agent: 'c1', step: 2, attempt: 0 } as const;
    assert.ok(refusal({ ...place, purpose: 'snapshot' }, false) !== null);
    assert.equal(refusal({ ...place, purpose: 'act' }, false), null);
  });
});
