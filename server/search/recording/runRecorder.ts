/**
 * Writes down each candidate of a live run as it ends. Whatever a killed recorder has missed, the next one on the same run
 * makes good.
 */
import { access, mkdir, readdir } from 'node:fs/promises';
import type { Candidate, CandidateId } from '../../../protocol/run.ts';
import { hasCode } from '../../../protocol/thrown.ts';
import { StoredTrajectory } from '../../agent/trajectoryLog.ts';
import { OperatorContext } from '../../models/operatorContext.ts';
import { readDocument, writeDocument } from '../../store/document.ts';
import type { RunStore } from '../../store/runStore.ts';
import { heardIn } from './recordedPeers.ts';
import {
  candidateFile,
  candidatesFolder,
  headFile,
  type RecordedCandidate,
  RecordingError,
  RecordingHead,
} from './recordedRun.ts';
import { turnsIn } from './turnsTaken.ts';

export class RunRecorder {
  readonly #store: RunStore;
  readonly #folder: string;
  readonly #unsubscribe: () => void;
  /** Candidates are written one after another; the first failure is told when the recorder is closed. */
  #tail: Promise<void> = Promise.resolve();

  private constructor(store: RunStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
    this.#unsubscribe = store.subscribe(store.view.lastSeq, ({ body }) => {
      if (body.type === 'candidate_scored' || body.type === 'candidate_failed' || body.type === 'candidate_abandoned')
        this.#write(body.id);
    });
  }

  /**
   * @param folder as `prepareRecording` has made it
   * @throws {RecordingError} if the folder holds the recording of another run
   */
  static async open(store: RunStore, folder: string): Promise<RunRecorder> {
    const { id: run, config, splitHash, scoringHash } = store.view.summary;
    const known = await readDocument(headFile(folder), RecordingHead);
    if (known !== null && known.run !== run)
      throw new RecordingError(folder, `it holds the recording of run ${known.run}; choose another folder.`);
    await mkdir(candidatesFolder(folder), { recursive: true, mode: 0o700 });
    await writeDocument<RecordingHead>(headFile(folder), {
      format: 'aira.recording/1',
      run,
      config,
      splitHash,
      ...(scoringHash === undefined ? {} : { scoringHash }),
    });
    const recorder = new RunRecorder(store, folder);
    for (const [id, candidate] of store.view.candidates)
      if (hasEnded(candidate) && !(await exists(candidateFile(folder, id)))) recorder.#write(id);
    return recorder;
  }

  /** Resolves when everything is on disk. @throws what the first write that failed has thrown */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#tail;
  }

  #write(id: CandidateId): void {
    this.#tail = this.#tail.then(async () => {
      const candidate = this.#store.view.candidates.get(id);
      if (candidate !== undefined)
        await writeDocument(candidateFile(this.#folder, id), await this.#recorded(candidate));
    });
    // Told by `close`; nobody waits for it before.
    this.#tail.catch(() => undefined);
  }

  async #recorded(candidate: Candidate): Promise<RecordedCandidate> {
    const { id, operator, parents, origin, guidance, seed, summary, state, search, failure } = candidate;
    const paths = this.#store.candidatePaths(id);
    const events = await StoredTrajectory.read(paths.trajectory);
    const [first] = events;
    return {
      id,
      operator,
      parents,
      origin,
      ...(guidance === undefined ? {} : { guidance }),
      seed,
      summary,
      outcome: state === 'scored' || state === 'failed' ? state : 'abandoned',
      search,
      failure,
      context: first?.type === 'started' ? OperatorContext.parse(first.context) : null,
      heard: heardIn(events),
      turns: turnsIn(events),
      program: (await exists(paths.program)) ? await this.#store.readProgram(id) : null,
    };
  }
}

/** Makes an empty folder for a recording. @throws {RecordingError} if it holds anything */
export async function prepareRecording(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw new RecordingError(folder, 'it is not empty; name a new folder for the recording.');
}

function hasEnded({ state }: Candidate): boolean {
  return state === 'scored' || state === 'failed' || state === 'abandoned';
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
