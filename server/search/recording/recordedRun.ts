/**
 * A recorded run in a folder of its own, complete enough to be made again elsewhere: `recording.json` says of what,
 * `candidates/<n>.json` what each candidate was and came to, `exchanges.jsonl` what the model's provider was asked and answered.
 * No hidden label and no sealed score is in it.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Candidate, CandidateFailure, CandidateId, RunConfig, RunId, Score } from '../../../protocol/run.ts';
import { ProgramFile } from '../../../protocol/worker.ts';
import { OperatorContext } from '../../models/operatorContext.ts';
import { readDocument } from '../../store/document.ts';
import { Heard } from './recordedPeers.ts';
import { TurnsTaken } from './turnsTaken.ts';

export const RecordingHead = z.object({
  format: z.literal('aira.recording/1'),
  run: RunId,
  config: RunConfig,
  /** A run is replayed on the same splits or not at all. */
  splitHash: z.string(),
  /** And scored by the same rules. Absent in recordings of older versions. */
  scoringHash: z.string().optional(),
});
export type RecordingHead = z.infer<typeof RecordingHead>;

export const RecordedCandidate = z.object({
  ...Candidate.pick({ operator: true, parents: true, origin: true, guidance: true, seed: true, summary: true }).shape,
  id: CandidateId,
  outcome: z.enum(['scored', 'failed', 'abandoned']),
  search: Score.nullable(),
  failure: CandidateFailure.nullable(),
  /** What its agent was told; null for a person's program. */
  context: OperatorContext.nullable(),
  /** What it heard of others while it was at work. Absent in recordings of older versions, whose agents heard nothing. */
  heard: z.array(Heard).default([]),
  /** Where its turns came to their end. Absent in recordings of older versions: clocks say so then. */
  turns: TurnsTaken.nullable().default(null),
  /** What was submitted; null if nothing was. */
  program: z.array(ProgramFile).nullable(),
});
export type RecordedCandidate = z.infer<typeof RecordedCandidate>;

export const headFile = (folder: string) => join(folder, 'recording.json');
export const candidatesFolder = (folder: string) => join(folder, 'candidates');
export const candidateFile = (folder: string, id: CandidateId) => join(candidatesFolder(folder), `${id}.json`);

/** The folder holds no recording, or not what is needed. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly folder: string;
  constructor(folder: string, problem: string) {
    super(`${folder}: ${problem}`);
    this.folder = folder;
  }
}

export interface RecordedRun {
  folder: string;
  head: RecordingHead;
  /** By id; one that is missing had not ended when recording stopped. */
  candidates: ReadonlyMap<CandidateId, RecordedCandidate>;
}

/** @throws {RecordingError} if there is none, or no candidate in it */
export async function readRecordedRun(folder: string): Promise<RecordedRun> {
  const head = await readDocument(headFile(folder), RecordingHead);
  if (head === null) throw new RecordingError(folder, 'there is no recording.json: it was not made with --record.');
  const candidates = new Map<CandidateId, RecordedCandidate>();
  for (const name of await readdir(candidatesFolder(folder))) {
    if (!/^\d+\.json$/.test(name)) continue;
    const candidate = await readDocument(join(candidatesFolder(folder), name), RecordedCandidate);
    if (candidate !== null) candidates.set(candidate.id, candidate);
  }
  if (candidates.size === 0) throw new RecordingError(folder, 'no candidate of the run had ended when it was made.');
  return { folder, head, candidates };
}
