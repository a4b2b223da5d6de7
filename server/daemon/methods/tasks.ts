/** Tasks: built in, prepared here, and in the folders of a workspace. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import type { ManifestProblem, TaskListing } from '../../../protocol/clientViews.ts';
import type { TaskManifest } from '../../../protocol/task.ts';
import { pythonOf } from '../../api/pythonEnvironment.ts';
import { RefusedError } from '../../api/refusal.ts';
import { listTasks, resolveOrFindPrepared, resolveTask } from '../../tasks/catalog.ts';
import { checkTask } from '../../tasks/check.ts';
import { ManifestError } from '../../tasks/errors.ts';
import { loadManifest } from '../../tasks/manifest.ts';
import { prepareTask } from '../../tasks/prepare.ts';
import { type PreparedTask, preparedDirectory, readPreparedTask } from '../../tasks/preparedTask.ts';
import { manifestsBelow, searchBounds } from '../manifestsBelow.ts';
import type { Methods } from '../methods.ts';
import { participant } from '../participant.ts';
import type { ServerParts } from '../server.ts';

type TaskMethods = Pick<Methods, 'tasks.list' | 'task.get' | 'task.validate' | 'task.prepare' | 'task.check'>;

export function taskMethods({ home, operations, venv }: ServerParts): TaskMethods {
  return {
    'tasks.list': ({ folders }) => tasksOf(home, folders),
    'task.get': async ({ task: reference }) => {
      const { manifest, file, prepared } = foundTask(home, reference);
      return {
        listing: listingOf(manifest, { prepared, file }),
        description: prepared?.description ?? (await descriptionOf(manifest, file)),
        dataCard: prepared?.dataCard ?? null,
        baselines: manifest.reference.baselines.map(({ name, score, how }) => ({
          name,
          score,
          ...(how === undefined ? {} : { how }),
        })),
        medals: manifest.reference.medals,
      };
    },
    'task.validate': ({ task: reference }) => ({ problems: problemsOf(home, reference) }),
    'task.prepare': ({ task: reference, operation }, context) =>
      operations.run('task.prepare', operation, participant(operation, context), async (log, signal) => {
        requireReference(reference);
        const prepared = await prepareTask({ home, reference, python: pythonOf(venv()), log, signal });
        const { file } = foundTask(home, reference);
        return listingOf(prepared.manifest, { prepared, file });
      }),
    'task.check': ({ task: reference, operation }, context) =>
      operations.run('task.check', operation, participant(operation, context), (_, signal) => {
        requireReference(reference);
        return checkTask({ home, reference, python: pythonOf(venv()), signal });
      }),
  };
}

/** A name or an absolute path: where this server happens to stand must not matter. @throws {RefusedError} */
export function requireReference(reference: string): void {
  if (isAbsolute(reference) || /^[a-z0-9][a-z0-9-]*(@\d+)?$/.test(reference)) return;
  throw new RefusedError(
    'bad_input',
    `${JSON.stringify(reference)} is neither the name of a task nor an absolute path of a task.yaml or its folder.`,
  );
}

interface FoundTask {
  manifest: TaskManifest;
  /** Its manifest; null where only the prepared data is left. */
  file: string | null;
  prepared: PreparedTask | null;
}

/** @throws {TaskNotFoundError} {ManifestError} {RefusedError} */
export function foundTask(home: string, reference: string): FoundTask {
  requireReference(reference);
  const found = resolveOrFindPrepared(home, reference);
  if ('splitHash' in found) return { manifest: found.manifest, file: null, prepared: found };
  const { manifest, file } = found;
  return { manifest, file, prepared: readPreparedTask(preparedDirectory(home, manifest)) };
}

/** Reading manifests, after they were found; what is read is YAML of anybody's. */
const maxReadingMs = 5000;

async function tasksOf(
  home: string,
  folders: readonly string[],
): Promise<{ tasks: TaskListing[]; notice: string | null }> {
  const known = new Map<string, TaskListing>();
  for (const listing of listTasks(home)) {
    const manifest = listing.builtin && listing.problem === null ? resolveTask(listing.id).file : null;
    known.set(`${listing.id}@${listing.version}`, { ...listing, manifest });
  }
  const others: TaskListing[] = [];
  const { files, cutBy } = await manifestsBelow(folders);
  const deadline = Date.now() + maxReadingMs;
  let left = files.length;
  for (const file of files) {
    // Others are waiting, too.
    await breath();
    if (Date.now() > deadline) break;
    left -= 1;
    const listing = listingAt(home, file);
    const same = known.get(`${listing.id}@${listing.version}`);
    // What was prepared from here is one task, not two; a copy of a built-in one is another.
    if (same?.prepared === true && !same.builtin && same.manifest === null && listing.problem === null)
      known.set(`${listing.id}@${listing.version}`, { ...same, manifest: file });
    else if (same?.manifest !== file) others.push(listing);
  }
  const notice =
    left > 0 ? `${left} manifests were not read: it took too long.` : cutBy === null ? null : cutWords[cutBy];
  return { tasks: [...known.values(), ...others], notice };
}

const cutWords = {
  entries: `The folders hold more than ${searchBounds.maxEntries} files: tasks that lie deep may be missing.`,
  manifests: `The folders hold more than ${searchBounds.maxManifests} manifests: the others are left out.`,
  time: `Looking for manifests took longer than ${searchBounds.maxMs / 1000} s: some may be missing.`,
};

/** What manifests say in a list. */
const maxWords = 300;

function listingAt(home: string, file: string): TaskListing {
  try {
    const { manifest } = loadManifest(file);
    return listingOf(manifest, { prepared: readPreparedTask(preparedDirectory(home, manifest)), file });
  } catch (error) {
    const problem = (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)).slice(0, maxWords);
    const unknown = { version: 0, title: '', modality: 'other', metric: { name: '', direction: '' } };
    const listing = { builtin: false, prepared: false, counts: null, manifest: file };
    return { id: basename(dirname(file)), ...unknown, ...listing, problem };
  }
}

function listingOf(
  { id, version, title, modality, metric, source }: TaskManifest,
  { prepared, file }: { prepared: PreparedTask | null; file: string | null },
): TaskListing {
  return {
    id,
    version,
    title: title.slice(0, maxWords),
    modality,
    metric: { name: metric.name.slice(0, maxWords), direction: metric.direction },
    builtin: source.kind === 'builtin',
    prepared: prepared !== null,
    counts: prepared?.counts ?? null,
    problem: null,
    manifest: file,
  };
}

async function descriptionOf({ description }: TaskManifest, file: string | null): Promise<string> {
  return file === null ? '' : await readFile(join(dirname(file), description), 'utf8');
}

function problemsOf(home: string, reference: string): ManifestProblem[] {
  try {
    foundTask(home, reference);
    return [];
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.problems.map(({ line, column, key, message, fix }) => ({
      file: error.file,
      line,
      column,
      message: key === '' ? message : `${key}: ${message}`,
      fix,
    }));
  }
}
