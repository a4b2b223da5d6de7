/** How often in a row a model has given answers that could not be used. Pure over the events, so that a resume forgets nothing. */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';

/** How often an unusable answer is drawn again, unseen by the agent, before it is told. */
export const maxResamples = 2;
/** Unusable answers in a row that end a trajectory. */
export const maxUnusable = 3;

/** Answers without a complete call, and calls with bad arguments, since the last call that could be carried out. */
export function unusableInARow(events: readonly TrajectoryEvent[]): number {
  let count = 0;
  for (const event of events) {
    if (event.type === 'observation') count = event.observation.outcome === 'invalid_call' ? count + 1 : 0;
    else if (event.type === 'notice' && event.kind === 'unusable_answer') count += 1;
  }
  return count;
}

/** The agent's last answer had no call, and it has been told. */
export function wasNudged(events: readonly TrajectoryEvent[]): boolean {
  return noticesSinceLastCall(events).has('no_tool_call');
}

/** After an answer without a usable call the next one must have one. */
export function mustCall(events: readonly TrajectoryEvent[]): boolean {
  const kinds = noticesSinceLastCall(events);
  return kinds.has('no_tool_call') || kinds.has('unusable_answer');
}

/** Answers for the present step that were thrown away: malformed or withheld. */
export function resamplesOf(events: readonly TrajectoryEvent[]): number {
  const last = events.findLastIndex((event) => event.type === 'model');
  return events
    .slice(last + 1)
    .filter((event) => event.type === 'discarded' && (event.cause === 'malformed' || event.cause === 'blocked')).length;
}

function noticesSinceLastCall(events: readonly TrajectoryEvent[]): Set<string> {
  const last = events.findLastIndex((event) => event.type === 'model' && event.calls.length > 0);
  return new Set(events.slice(last + 1).flatMap((event) => (event.type === 'notice' ? [event.kind] : [])));
}
