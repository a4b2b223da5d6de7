/** How often a call was sent before something came of it: where it had no room in the end, a replay has to send it as often. */
import type { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import { settlementIn } from './spendingOf.ts';

/**
 * Calls for the present answer that brought none. A server that took the trajectory up again begins anew: of what was asked
 * before, a recording keeps nothing that is asked once more.
 */
export function triesOf(events: readonly TrajectoryEvent[]): number {
  let tries = 0;
  for (const event of events) {
    const isLost = event.type === 'charge' || (event.type === 'discarded' && event.cause === 'incomplete');
    if (isLost) tries += 1;
    else if (event.type === 'resumed' || event.type === 'no_room' || settlementIn(event) !== null) tries = 0;
  }
  return tries;
}
