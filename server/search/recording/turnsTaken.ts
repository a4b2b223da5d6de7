/** An agent of a replay comes to its last turn, and to its end, where it did when the run was recorded: nothing bounds it anew. */
import * as z from 'zod';
import type { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import type { RecordedTurns } from '../../agent/recordedTurns.ts';
import { BudgetExhaustedError } from '../../models/budget/budget.ts';
import type { RecordedRefusals } from '../../models/budget/trajectoryAccount.ts';
import { triesOf } from '../../models/budget/triesOf.ts';

const step = z.int().nonnegative().describe('how often the model had answered');

export const TurnsTaken = z.object({
  /** Turns that were begun as the last one: of steps, or of time. */
  last: z.array(step),
  /** The turn that was not begun any more because time was up; null: it did not come to that. */
  over: step.nullable(),
  /** Tool calls that ran into a limit, by their place in the answer. */
  cutOff: z.array(z.object({ step, index: z.int().nonnegative(), ms: z.number().nonnegative() })),
  /** Calls to the model that the budget had no room for. */
  refused: z.array(
    z.object({
      step,
      purpose: z.enum(['act', 'snapshot']),
      attempt: z.int().nonnegative(),
      /** How often it had been sent before. Absent in recordings of older versions. */
      tries: z.int().nonnegative().default(0),
      isLast: z.boolean(),
      scope: z.enum(['run', 'candidate']),
      detail: z.string(),
    }),
  ),
});
export type TurnsTaken = z.infer<typeof TurnsTaken>;

/** What a trajectory says of the turns of its agent. */
export function turnsIn(events: readonly TrajectoryEvent[]): TurnsTaken {
  const taken: TurnsTaken = { last: [], over: null, cutOff: [], refused: [] };
  let calls: string[] = [];
  let step = 0;
  let attempt = 0;
  /** Of the present turn. */
  let wasLast = false;
  let wasRefused = false;
  const close = (endedAsLast: boolean) => {
    if (endedAsLast && !wasRefused) taken.last.push(step);
  };
  for (const [index, event] of events.entries()) {
    switch (event.type) {
      case 'notice':
        if (event.kind === 'final_warning' && event.step === step) wasLast = true;
        break;
      case 'no_room':
        taken.refused.push({
          ...refusalOf(event),
          step,
          attempt: event.purpose === 'act' ? attempt : 0,
          tries: triesOf(events.slice(0, index)),
        });
        if (event.purpose === 'act' && !event.isLast) wasRefused = true;
        break;
      case 'discarded':
        if (event.cause === 'malformed' || event.cause === 'blocked') attempt += 1;
        break;
      case 'model':
        close(event.isLast === true);
        // There was room after all: the run was given more.
        if (event.isLast !== true)
          taken.refused = taken.refused.filter((one) => one.step !== step || one.purpose !== 'act');
        calls = event.calls.map(({ id }) => id);
        step += 1;
        attempt = 0;
        wasLast = false;
        wasRefused = false;
        break;
      case 'observation':
        if (event.observation.outcome === 'timeout')
          taken.cutOff.push({ step, index: calls.indexOf(event.callId), ms: event.observation.durationMs });
        break;
      case 'ended':
        if (event.reason === 'time_limit') taken.over = step;
        // A last turn without an answer; the agent hears only once that it is at its last.
        else if (event.reason !== 'submitted') close(wasLast || taken.last.includes(step - 1));
        break;
    }
  }
  return taken;
}

function refusalOf({ purpose, isLast, scope, detail }: Extract<TrajectoryEvent, { type: 'no_room' }>) {
  return { purpose, isLast, scope, detail };
}

export function recordedTurns({ last, over, cutOff }: TurnsTaken): RecordedTurns {
  return {
    isLast: (step) => last.includes(step),
    isOver: (step) => over === step,
    cutOffMs: (step, index) => cutOff.find((one) => one.step === step && one.index === index)?.ms ?? null,
  };
}

export function recordedRefusals({ refused }: Pick<TurnsTaken, 'refused'>): RecordedRefusals {
  return ({ step, purpose, attempt }, isLast, tries) => {
    // One that a server has asked for again was recorded anew.
    const found = refused.findLast(
      (one) => one.step === step - 1 && one.purpose === purpose && one.attempt === attempt && one.isLast === isLast,
    );
    return found === undefined || tries < found.tries ? null : new BudgetExhaustedError(found.scope, found.detail);
  };
}
