/** What a trajectory took, from its events alone: a restart, a report and a live run cannot disagree. */
import { addSpending, nothingSpent, type Spending } from '../../../protocol/cost.ts';
import type { TrajectoryEvent, Usage } from '../../../protocol/trajectory.ts';

type Reserved = Extract<TrajectoryEvent, { type: 'reserved' }>;

/** The call that this event settles, with what it took; null for every other event. */
export function settlementIn(event: TrajectoryEvent): { usage: Usage; costUsd: number | null } | null {
  switch (event.type) {
    case 'model':
    case 'discarded':
    case 'charge':
      return { usage: event.usage, costUsd: event.costUsd ?? null };
    case 'compacted':
      return event.usage === undefined ? null : { usage: event.usage, costUsd: event.costUsd ?? null };
    default:
      return null;
  }
}

/** The last call, if nothing has settled it: it is under way, or a crash cut it off. */
export function openCall(events: readonly TrajectoryEvent[]): Reserved | null {
  const last = events.findLast((event) => event.type === 'reserved' || settlementIn(event) !== null);
  return last?.type === 'reserved' ? last : null;
}

/** @param options.open whether a call that nothing has settled counts, in full: yes where it was cut off, no while it is under way */
export function spendingOf(events: readonly TrajectoryEvent[], { open }: { open: boolean }): Spending {
  let total = nothingSpent;
  for (const event of events) {
    const settled = settlementIn(event);
    if (settled !== null) total = addSpending(total, spendingOfCall(settled.usage, settled.costUsd));
  }
  const cutOff = open ? openCall(events) : null;
  if (cutOff === null) return total;
  return addSpending(total, spendingOfCall({ ...cutOff.usage, estimated: true }, cutOff.costUsd ?? null));
}

/** A call that took nothing was refused, and is none. */
export function spendingOfCall(usage: Usage, costUsd: number | null): Spending {
  const { input, cachedInput, output, thoughts, estimated = false } = usage;
  if (input + output + thoughts === 0) return nothingSpent;
  return {
    calls: 1,
    input,
    cachedInput,
    output,
    thoughts,
    costUsd: costUsd ?? 0,
    unpricedCalls: costUsd === null ? 1 : 0,
    estimatedCalls: estimated ? 1 : 0,
  };
}
