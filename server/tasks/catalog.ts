/** Finds tasks: the built-in ones, a person's own by path, and those prepared before. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import * as path from 'node:path';
import type { Modality } from '../../protocol/task.ts';
import { messageOf } from '../../protocol/thrown.ts';
import { programFile } from '../programFiles.ts';
import { ManifestError, TaskError, TaskNotFoundError, TaskNotPreparedError } from './errors.ts';
import { type LoadedManifest, loadManifest, manifestFileName } from './manifest.ts';
import { nearest } from './nearest.ts';
import { type PreparedTask, preparedDirectory, readPreparedDocument, readPreparedTask } from './preparedTask.ts';

const builtinDirectory = programFile('tasks/');

/** A line of `aira2 task list`. */
export interface TaskListing {
  id: string;
  version: number;
  title: string;
  modality: Modality;
  metric: { name: string; direction: 'minimize' | 'maximize' };
  builtin: boolean;
  prepared: boolean;
  /** null until prepared. */
  counts: PreparedTask['counts'] | null;
  /** Why this task cannot be used, if it cannot; its other fields are then as far as they are known. */
  problem: string | null;
}

/** Ids of the built-in tasks, sorted. */
export function builtinTaskIds(): string[] {
  return readdirSync(builtinDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(builtinDirectory, entry.name, manifestFileName)))
    .map(({ name }) => name)
    .sort();
}

/**
 * The manifest a reference stands for: a built-in id (with or without `@version`), a `task.yaml`, or the folder of one.
 * @param prepared ids to name beside the built-in ones where nothing is found
 * @throws TaskNotFoundError with the nearest names; ManifestError if it is found but not sound.
 */
export function resolveTask(reference: string, prepared: string[] = []): LoadedManifest {
  const { id, version } = splitReference(reference);
  if (builtinTaskIds().includes(id)) {
    const loaded = loadManifest(path.join(builtinDirectory, id, manifestFileName));
    if (version !== null && version !== loaded.manifest.version) {
      throw new TaskError(
        `The built-in task ${id} is at version ${loaded.manifest.version}; version ${version} is not to be had any more.`,
      );
    }
    return loaded;
  }
  const file = manifestPath(reference);
  if (file === null) {
    const known = [...new Set([...builtinTaskIds(), ...prepared])].sort();
    throw new TaskNotFoundError(reference, nearest(reference, known), known);
  }
  return loadManifest(file);
}

/**
 * As resolveTask, or else the task that was prepared under that name, whose own manifest may be nowhere any more.
 * @throws as resolveTask, where nothing is prepared under that name
 */
export function resolveOrFindPrepared(home: string, reference: string): LoadedManifest | PreparedTask {
  try {
    return resolveTask(
      reference,
      preparedVersions(home).map(({ id }) => id),
    );
  } catch (error) {
    // A manifest that is there and not sound is what was meant.
    if (!(error instanceof TaskError) || error instanceof ManifestError) throw error;
    const directory = findPrepared(home, reference);
    const task = directory === null ? null : readPreparedTask(directory);
    if (task === null) throw error;
    return task;
  }
}

/**
 * A prepared task by id, `id@version`, or path of its manifest. An id without a version means the newest that is prepared.
 * @throws TaskNotFoundError if nothing is called so, TaskNotPreparedError if it is known but has no data yet.
 */
export function loadPreparedTask(home: string, reference: string): PreparedTask {
  const directory = findPrepared(home, reference);
  const task = directory === null ? null : readPreparedTask(directory);
  if (task !== null) return task;
  const { manifest } = resolveTask(reference);
  const expected = preparedDirectory(home, manifest);
  const own = readPreparedTask(expected);
  if (own === null) throw new TaskNotPreparedError(reference, expected);
  return own;
}

/** Built-in tasks and every prepared one, sorted by id. A broken task is listed with its problem and breaks nothing. */
export function listTasks(home: string): TaskListing[] {
  const listings = new Map<string, TaskListing>();
  for (const { id, version, directory } of preparedVersions(home)) {
    listings.set(`${id}@${version}`, describePrepared(id, version, directory));
  }
  for (const id of builtinTaskIds()) {
    const listing = describeBuiltin(id);
    const prepared = listings.get(`${id}@${listing.version}`);
    listings.set(`${id}@${listing.version}`, prepared === undefined ? listing : { ...prepared, builtin: true });
  }
  return [...listings.values()].sort((a, b) => a.id.localeCompare(b.id) || a.version - b.version);
}

const unknownTask = {
  title: '',
  modality: 'other',
  metric: { name: '', direction: 'minimize' },
  builtin: false,
  prepared: false,
  counts: null,
} as const;

function describePrepared(id: string, version: number, directory: string): TaskListing {
  try {
    const document = readPreparedDocument(directory);
    if (document === null) return { ...unknownTask, id, version, problem: 'has no task.json' };
    const { title, modality, metric } = document.manifest;
    const { name, direction } = metric;
    return {
      ...unknownTask,
      id,
      version,
      title,
      modality,
      metric: { name, direction },
      prepared: true,
      counts: document.counts,
      problem: null,
    };
  } catch (error) {
    return { ...unknownTask, id, version, problem: messageOf(error) };
  }
}

function describeBuiltin(id: string): TaskListing {
  try {
    const { version, title, modality, metric } = resolveTask(id).manifest;
    const { name, direction } = metric;
    return { ...unknownTask, id, version, title, modality, metric: { name, direction }, builtin: true, problem: null };
  } catch (error) {
    return {
      ...unknownTask,
      id,
      version: 1,
      builtin: true,
      problem: messageOf(error),
    };
  }
}

function preparedVersions(home: string): { id: string; version: number; directory: string }[] {
  const root = path.join(path.resolve(home), 'tasks');
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((name) => {
    const match = /^([a-z0-9][a-z0-9-]*)@(\d+)$/.exec(name);
    return match === null ? [] : [{ id: match[1] ?? '', version: Number(match[2]), directory: path.join(root, name) }];
  });
}

function findPrepared(home: string, reference: string): string | null {
  const { id, version } = splitReference(reference);
  const found = preparedVersions(home)
    .filter((prepared) => prepared.id === id && (version === null || prepared.version === version))
    .sort((a, b) => b.version - a.version);
  return found[0]?.directory ?? null;
}

function splitReference(reference: string): { id: string; version: number | null } {
  const match = /^([a-z0-9][a-z0-9-]*)@(\d+)$/.exec(reference);
  return match === null ? { id: reference, version: null } : { id: match[1] ?? '', version: Number(match[2]) };
}

function manifestPath(reference: string): string | null {
  if (!existsSync(reference)) return null;
  if (!statSync(reference).isDirectory()) return reference;
  const inside = path.join(reference, manifestFileName);
  return existsSync(inside) ? inside : null;
}
