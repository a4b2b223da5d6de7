/**
 * Working copies of programs: a person edits one and submits it. They lie in the editor's own storage,
 * `aira2-working-copies/<run>/<number>/`, with the program in `program/` and where it came from beside it.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import * as z from 'zod';
import { CandidateId, RunId } from '../../../protocol/run.ts';
import { hasCode } from '../../../protocol/thrown.ts';
import { isCleanPath, maxProgramBytes, maxProgramFiles, skippedProgramFolders } from '../../../protocol/worker.ts';
import type { ProgramContents } from './changedFiles.ts';

/** Menus look for it in paths. */
const storageName = 'aira2-working-copies';

const Origin = z.object({ run: RunId, parent: CandidateId, machine: z.string() });
export type Origin = z.infer<typeof Origin>;

export interface WorkingCopy {
  /** Holds the program. */
  folder: string;
  origin: Origin;
}

/** The folder is not as a program can be. The message says what to change. */
export class ProgramFolderError extends Error {
  override readonly name = 'ProgramFolderError';
}

/** Writes a program into a folder of its own. */
export async function makeWorkingCopy(storage: string, origin: Origin, program: ProgramContents): Promise<WorkingCopy> {
  const parent = join(storage, storageName, origin.run);
  await mkdir(parent, { recursive: true });
  const root = await freeFolder(parent, origin.parent);
  const folder = join(root, 'program');
  await mkdir(folder);
  await writeFile(join(root, 'origin.json'), JSON.stringify(origin));
  for (const [path, content] of program) {
    if (!isCleanPath(path))
      throw new ProgramFolderError(`The program has a file with an unusable path: ${JSON.stringify(path)}`);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return { folder, origin };
}

/** `candidate-12`, or `candidate-12-2` where a copy of it is at work already. */
async function freeFolder(parent: string, candidate: CandidateId): Promise<string> {
  for (let number = 1; ; number += 1) {
    const folder = join(parent, number === 1 ? `candidate-${candidate}` : `candidate-${candidate}-${number}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

/** The working copy that a file lies in; null if it lies in none. */
export async function workingCopyOf(storage: string, file: string): Promise<WorkingCopy | null> {
  const within = relative(join(storage, storageName), file).split(sep);
  const [run, copy, program] = within;
  if (run === undefined || run === '..' || copy === undefined || program !== 'program') return null;
  const root = join(storage, storageName, run, copy);
  try {
    const origin = Origin.parse(JSON.parse(await readFile(join(root, 'origin.json'), 'utf8')));
    return { folder: join(root, 'program'), origin };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * Every file of a program's folder, in the form that is sent. Compiled caches are left out, links are not followed.
 * @throws {ProgramFolderError} if it is more than a program can be
 */
export async function readProgramFolder(folder: string): Promise<{ path: string; contentBase64: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: { path: string; contentBase64: string }[] = [];
  let bytes = 0;
  for (const entry of entries.sort((a, b) => (a.parentPath + a.name < b.parentPath + b.name ? -1 : 1))) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (!entry.isFile() || path.split('/').some((part) => skippedProgramFolders.includes(part))) continue;
    if (!isCleanPath(path))
      throw new ProgramFolderError(`Rename the file ${JSON.stringify(path)}: its path is not plain text.`);
    const { size } = await stat(join(folder, path));
    bytes += size;
    if (files.length >= maxProgramFiles)
      throw new ProgramFolderError(`A program has at most ${maxProgramFiles} files.`);
    if (bytes > maxProgramBytes)
      throw new ProgramFolderError(
        `A program has at most ${maxProgramBytes / 2 ** 20} MiB; ${path} is where it grows too large.`,
      );
    files.push({ path, contentBase64: (await readFile(join(folder, path))).toString('base64') });
  }
  if (files.length === 0) throw new ProgramFolderError('The folder holds no file.');
  return files;
}

/** With its origin. */
export async function removeWorkingCopy({ folder }: WorkingCopy): Promise<void> {
  await rm(dirname(folder), { recursive: true, force: true });
}
