/** An agent of a replay hears of others what it heard when the run was recorded, after the same steps. */
import * as z from 'zod';
import { NearDuplicate } from '../../../protocol/run.ts';
import type { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import type { Peers } from '../../agent/peers.ts';

export const Heard = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ideas'), step: z.int(), text: z.string() }),
  z.object({ kind: z.literal('near_duplicate'), step: z.int(), duplicate: NearDuplicate, text: z.string() }),
]);
export type Heard = z.infer<typeof Heard>;

/** What a trajectory says that its agent heard. */
export function heardIn(events: readonly TrajectoryEvent[]): Heard[] {
  return events.flatMap((event): Heard[] => {
    if (event.type === 'notice' && event.kind === 'peer_ideas')
      return [{ kind: 'ideas', step: event.step, text: event.text }];
    if (event.type !== 'near_duplicate') return [];
    const { step, duplicate, text } = event;
    return [{ kind: 'near_duplicate', step, duplicate, text }];
  });
}

export function recordedPeers(heard: readonly Heard[]): Peers {
  return {
    news: (step) => heard.find((one) => one.kind === 'ideas' && one.step === step)?.text ?? null,
    repeated: async (_files, step) => {
      const told = heard.find((one) => one.kind === 'near_duplicate' && one.step === step);
      return told?.kind === 'near_duplicate' ? { duplicate: told.duplicate, words: told.text } : null;
    },
  };
}
