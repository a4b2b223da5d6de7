/** What the agent of a recorded candidate finds in a replay, in place of its run, its clock and its budget. */
import type { RecordedAgent } from '../agentRun.ts';
import { recordedPeers } from './recordedPeers.ts';
import type { RecordedCandidate } from './recordedRun.ts';
import { recordedRefusals, recordedTurns } from './turnsTaken.ts';

/** @returns null where the run is none that is made again, or no agent made the candidate */
export function recordedAgent(candidate: RecordedCandidate | undefined): RecordedAgent | null {
  if (candidate === undefined || candidate.context === null) return null;
  const { context, heard, turns } = candidate;
  return {
    context,
    peers: recordedPeers(heard),
    turns: turns === null ? null : recordedTurns(turns),
    refusals: recordedRefusals(turns ?? { refused: [] }),
  };
}
