/** What the bench and the process of its simulated workers say to each other: JSON lines over its standard input and output. */
import * as z from 'zod';
import { WorkerConfig } from '../../protocol/worker.ts';

export const HostCommand = z.discriminatedUnion('op', [
  z.object({ op: z.literal('launch'), config: WorkerConfig, ids: z.array(z.string()) }),
  z.object({ op: z.literal('end'), worker: z.string() }),
]);
export type HostCommand = z.infer<typeof HostCommand>;

export const HostNotice = z.discriminatedUnion('notice', [
  z.object({ notice: z.literal('ended'), worker: z.string() }),
  /** What one slot's runner was asked and when it was done, in milliseconds since the epoch, and this process's CPU. */
  z.object({
    notice: z.literal('moments'),
    moments: z.array(z.object({ slot: z.int(), what: z.enum(['opened', 'evaluated']), at: z.number() })),
    cpuMs: z.number(),
  }),
]);
export type HostNotice = z.infer<typeof HostNotice>;
