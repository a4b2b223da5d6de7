/** A person's requests: checked against the run, and their material on disk before they are queued. */
import { createHash } from 'node:crypto';
import { access, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CandidateId, maxRepeats, type PersonRequest, type RunId } from '../../protocol/run.ts';
import { Program, type ProgramFile } from '../../protocol/worker.ts';
import { syncFolder } from '../disk.ts';
import { writeSynced } from '../store/durableFile.ts';
import type { RunStore } from '../store/runStore.ts';

export class RequestRefusedError extends Error {
  override readonly name = 'RequestRefusedError';
}

export class CandidateNotFoundError extends Error {
  override readonly name = 'CandidateNotFoundError';
  constructor(run: RunId, id: CandidateId, known: number) {
    super(`Run ${run} has no candidate #${id}; it has ${known}.`);
  }
}

export type Wish =
  | { kind: 'fork'; parent: CandidateId; guidance?: string | undefined }
  | { kind: 'cross'; parents: [CandidateId, CandidateId]; guidance?: string | undefined }
  | { kind: 'submit'; parent?: CandidateId | undefined; summary: string; files: ProgramFile[] }
  | { kind: 'reevaluate'; candidate: CandidateId; times: number };

/** What a request is called in its run: the same wherever and whenever the operation is asked for again. */
export function requestName(operation: string): string {
  return createHash('sha256').update(operation).digest('hex').slice(0, 24);
}

/**
 * Whether this was queued before; then it is not to be queued again.
 * @throws {RequestRefusedError} if something else was, under this name
 */
export function isQueued({ id, view }: RunStore, request: string, kind: Wish['kind']): boolean {
  const queued = view.requests.get(request);
  if (queued !== undefined && queued !== kind)
    throw new RequestRefusedError(
      `Run ${id} knows the operation as another one (${queued}): give this one its own name.`,
    );
  return queued !== undefined;
}

/**
 * Checks a wish and lays down what it needs; `queue` then makes it durable.
 * @throws {RequestRefusedError} {CandidateNotFoundError} in words for the person
 */
export async function prepareRequest(
  store: RunStore,
  wish: Wish,
  { request, entryFile }: { request: string; entryFile: string | null },
): Promise<PersonRequest> {
  const { state } = store.view.summary;
  if (state === 'finished')
    throw new RequestRefusedError(
      `Run ${store.id} has ended and its hidden scores are open: nothing can be added. Start a new run of the same task.`,
    );
  if (state === 'stopping')
    throw new RequestRefusedError(
      `The search of run ${store.id} is ending: nothing can be added. Start a new run of the same task.`,
    );
  const guidance = 'guidance' in wish && wish.guidance !== undefined ? { guidance: wish.guidance } : {};
  switch (wish.kind) {
    case 'fork':
      await requireProgram(store, wish.parent);
      return { kind: 'fork', parent: wish.parent, ...guidance };
    case 'cross':
      if (wish.parents[0] === wish.parents[1])
        throw new RequestRefusedError(`A crossover needs two different candidates; both are #${wish.parents[0]}.`);
      for (const parent of wish.parents) await requireProgram(store, parent);
      return { kind: 'cross', parents: wish.parents, ...guidance };
    case 'submit': {
      if (wish.parent !== undefined) await requireProgram(store, wish.parent);
      requireBounded(wish.files);
      if (entryFile !== null && !wish.files.some((file) => file.path === entryFile))
        throw new RequestRefusedError(`The folder has no ${entryFile}, which this task runs.`);
      const program = join('requests', request);
      // What an attempt has left that was cut off.
      await rm(join(store.paths.directory, program), { recursive: true, force: true });
      for (const file of wish.files) await writeProgramFile(join(store.paths.directory, program), file);
      const parent = wish.parent === undefined ? {} : { parent: wish.parent };
      return { kind: 'submit', program, summary: wish.summary, ...parent };
    }
    case 'reevaluate': {
      const { candidate, times } = wish;
      await requireProgram(store, candidate);
      const state = store.view.candidates.get(candidate)?.state;
      if (state !== 'scored' && state !== 'failed')
        throw new RequestRefusedError(
          `Candidate #${candidate} is ${state}: it has not been evaluated for the first time.`,
        );
      if (!Number.isInteger(times) || times < 1 || times > maxRepeats)
        throw new RequestRefusedError(`A candidate is evaluated again 1 to ${maxRepeats} times, not ${times}.`);
      return { kind: 'reevaluate', candidate, times };
    }
  }
}

async function requireProgram(store: RunStore, id: CandidateId): Promise<void> {
  const candidate = store.view.candidates.get(id);
  if (candidate === undefined) throw new CandidateNotFoundError(store.id, id, store.view.candidates.size);
  try {
    await access(store.candidatePaths(id).program);
  } catch {
    throw new RequestRefusedError(
      `Candidate #${id} has no program (${candidate.state}); choose one that was submitted.`,
    );
  }
}

/** Clean paths, and within the limits of a program, whoever sends it. */
function requireBounded(files: ProgramFile[]): void {
  const { error } = Program.safeParse(files);
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return;
  const [index] = issue.path;
  const file = typeof index === 'number' ? files[index] : undefined;
  throw new RequestRefusedError(
    `This is no program: ${file === undefined ? '' : `${JSON.stringify(file.path)} `}${issue.message}.`,
  );
}

async function writeProgramFile(root: string, file: ProgramFile): Promise<void> {
  const path = join(root, file.path);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeSynced(path, Buffer.from(file.contentBase64, 'base64'), 0o600);
  await syncFolder(dirname(path));
}
