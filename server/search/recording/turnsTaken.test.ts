import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import { compacted, Trajectory } from '../../../test/support/trajectory.ts';
import { recordedRefusals, recordedTurns, TurnsTaken, turnsIn } from './turnsTaken.ts';

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
    assert.equal(refusal({ ...place, attempt: 0 }, false, 0), null);
    assert.equal(refusal({ ...place, attempt: 1 }, true, 0), null);
    const error = refusal({ ...place, attempt: 1 }, false, 0);
    assert.deepEqual([error?.scope, error?.message], ['run', 'no room']);
  });

  it('are refused room only after as many tries as when they were recorded, whatever came of those', () => {
    const charge: TrajectoryEvent = { type: 'charge', at: 1, step: 2, cause: 'refused', detail: '429', usage };
    const brokenOff: TrajectoryEvent = { ...malformed, cause: 'incomplete' };
    const resumed: TrajectoryEvent = { type: 'resumed', at: 1, step: 1, sandboxKept: true };
    const tooLong = compacted({ why: 'overflow' });
    const snapshot = compacted({ how: 'snapshot', usage });
    const place = { agent: 'c1', purpose: 'act', step: 2 } as const;
    const cases: [TrajectoryEvent[], number, number][] = [
      [[charge], 0, 1],
      [[charge, brokenOff], 0, 2],
      // Made shorter, it is asked for under the same name.
      [[charge, tooLong], 0, 1],
      // These were for other calls: of a snapshot, of another draw, of a server whose exchanges are asked for anew.
      [[charge, snapshot], 0, 0],
      [[charge, malformed, brokenOff], 1, 1],
      [[charge, resumed], 0, 0],
    ];
    for (const [before, attempt, tries] of cases) {
      const events = [model(1), charge, model(1), ...before, noRoom(3, false), charge, noRoom(3, true)];
      const taken = turnsIn([...events, ended('run_budget', 2)]);
      assert.deepEqual(
        taken.refused.map((one) => one.tries),
        [tries, 1],
      );
      const refusal = recordedRefusals(taken);
      for (let sent = 0; sent <= tries; sent += 1)
        assert.equal(refusal({ ...place, step: 3, attempt }, false, sent) !== null, sent === tries);
    }
    const again = recordedRefusals(turnsIn([model(1), charge, noRoom(2, false), resumed, noRoom(2, false)]));
    assert.ok(again({ ...place, attempt: 0 }, false, 0) !== null, 'where it was asked for again, the last time counts');
    const old = { step: 1, purpose: 'act', attempt: 0, isLast: false, scope: 'run', detail: 'no room' };
    const { refused } = TurnsTaken.parse({ last: [], over: null, cutOff: [], refused: [old] });
    assert.ok(
      recordedRefusals({ refused })({ ...place, attempt: 0 }, false, 0) !== null,
      'at once, in older recordings',
    );
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
    assert.ok(refusal({ ...place, purpose: 'snapshot' }, false, 0) !== null);
    assert.equal(refusal({ ...place, purpose: 'act' }, false, 0), null);
  });
});
