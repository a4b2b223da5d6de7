/** What a client (command line, extension) asks of the server that hosts a run. */
import * as z from 'zod';
import { CandidateId, RunId, RunSummary } from './run.ts';
import { Program } from './worker.ts';

const run = RunId;
const ack = z.object({});
const queued = z.object({ request: z.string() });
/** Of what a person writes, in characters. */
export const maxGuidance = 8000;
export const maxSummary = 2000;
const guidance = z.string().max(maxGuidance).optional();

export const clientToServer = {
  'run.get': { params: z.object({ run }), result: RunSummary },
  /** No new assignments; agents at work finish what they do. */
  'run.pause': { params: z.object({ run }), result: ack },
  'run.unpause': { params: z.object({ run }), result: ack },
  /** Ends the search and selects. `now` gives up evaluations that are under way too. */
  'run.stop': { params: z.object({ run, now: z.boolean() }), result: ack },
  'run.fork': { params: z.object({ run, parent: CandidateId, guidance }), result: queued },
  'run.cross': { params: z.object({ run, parents: z.tuple([CandidateId, CandidateId]), guidance }), result: queued },
  'run.submit': {
    params: z.object({
      run,
      parent: CandidateId.optional(),
      summary: z.string().min(1).max(maxSummary),
      files: Program,
    }),
    result: queued,
  },
} as const;

/** Nothing yet is asked of a client. */
export const serverToClient = {} as const;

/** Where a run's server listens: `server.json` in the run's folder, mode 0600. */
export const Discovery = z.object({ protocol: z.int(), pid: z.int(), url: z.string(), token: z.string() });
export type Discovery = z.infer<typeof Discovery>;
