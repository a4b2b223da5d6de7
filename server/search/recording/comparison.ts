/** Whether a replay came to the population of its recording: candidate by candidate, programs byte for byte. */
import type { Candidate } from '../../../protocol/run.ts';
import type { ProgramFile } from '../../../protocol/worker.ts';
import type { RunStore } from '../../store/runStore.ts';
import type { RecordedCandidate, RecordedRun } from './recordedRun.ts';

export interface Comparison {
  /** Candidates that the recording saw to their end, and how many of them are the same again. */
  recorded: number;
  same: number;
  /** One line for each candidate that is not. */
  differences: string[];
}

export async function compareWithRecording(
  { candidates }: RecordedRun,
  store: Pick<RunStore, 'view' | 'readProgram'>,
): Promise<Comparison> {
  const ended = [...candidates.values()].filter(({ outcome }) => outcome !== 'abandoned').sort((a, b) => a.id - b.id);
  const differences: string[] = [];
  for (const recorded of ended) {
    const now = store.view.candidates.get(recorded.id);
    const words = now === undefined ? ['it was not made'] : await differencesOf(recorded, now, store);
    if (words.length > 0) differences.push(`#${recorded.id}: ${words.join('; ')}`);
  }
  return { recorded: ended.length, same: ended.length - differences.length, differences };
}

async function differencesOf(
  was: RecordedCandidate,
  now: Candidate,
  store: Pick<RunStore, 'readProgram'>,
): Promise<string[]> {
  const words: string[] = [];
  const compare = (what: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b))
      words.push(`${what} ${JSON.stringify(b)} instead of ${JSON.stringify(a)}`);
  };
  compare('operator', was.operator, now.operator);
  compare('parents', was.parents, now.parents);
  compare('outcome', was.outcome, now.state);
  compare('failure', was.failure?.kind, now.failure?.kind);
  compare('search score', was.search?.value, now.search?.value);
  if (was.program !== null) {
    const files = now.state === 'scored' || now.state === 'failed' ? await programOf(now, store) : [];
    const changed = was.program.filter((file) => !files.some((other) => isSame(file, other)));
    const added = files.filter((file) => !was.program?.some((other) => other.path === file.path));
    if (changed.length + added.length > 0)
      words.push(`other bytes in ${[...changed, ...added].map(({ path }) => path).join(', ')}`);
  }
  return words;
}

async function programOf({ id, failure }: Candidate, store: Pick<RunStore, 'readProgram'>): Promise<ProgramFile[]> {
  return failure?.kind === 'no_submission' ? [] : store.readProgram(id);
}

function isSame(a: ProgramFile, b: ProgramFile): boolean {
  return a.path === b.path && a.contentBase64 === b.contentBase64;
}
