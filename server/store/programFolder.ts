/**
 * A program as a folder of this machine: read whole or refused, with its limits looked at before a byte is read; put in place
 * whole.
 */
import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { hasCode } from '../../protocol/thrown.ts';
import {
  isCleanPath,
  maxProgramBytes,
  maxProgramFiles,
  type ProgramFile,
  skippedProgramFolders,
} from '../../protocol/worker.ts';
import { syncFolder } from '../disk.ts';
import { writeFailure } from './diskFull.ts';

/** Folders that are looked into: a tree of empty ones has an end, too. */
const maxFolders = 1000;

/** A folder is no program; the message says why, and of which file. */
export class ProgramFolderError extends Error {
  override readonly name = 'ProgramFolderError';
  readonly directory: string;
  constructor(directory: string, problem: string, options?: ErrorOptions) {
    super(`${directory} is no program: ${problem}`, options);
    this.directory = directory;
  }

  /** It is what the message says, and stays so; else the machine could not read it this time. */
  get isLasting(): boolean {
    const { cause } = this;
    return !(cause instanceof Error && 'code' in cause) || cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
  }
}

/**
 * The files of a program folder, sorted by path. Compiled caches are left out.
 * @throws {ProgramFolderError} for links and special files, unclean names, too many files or bytes, or an unreadable folder
 */
export async function readProgramFolder(directory: string): Promise<ProgramFile[]> {
  try {
    const files: ProgramFile[] = [];
    let bytes = 0;
    for (const path of await regularFiles(directory)) {
      const content = await readFile(join(directory, path));
      // Looked at again: a file may have grown since its size was asked for.
      bytes = withinBytes(directory, bytes + content.length, path);
      files.push({ path, contentBase64: content.toString('base64') });
    }
    return files;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ProgramFolderError(directory, `it cannot be read as a folder (${error.message})`, { cause: error });
  }
}

/**
 * Puts a program in place of what is there, if anything: a process that is killed leaves all of it or nothing. All of it is on
 * disk when this resolves; a power cut before that may leave a part, of which nobody has been told.
 * @param files no more than the limits of a program allow: all are open at a time, so that they go to the disk together
 */
export async function writeProgramFolder(directory: string, files: readonly ProgramFile[]): Promise<void> {
  const partial = join(dirname(directory), `.program-${process.pid}`);
  // Made at once, unless an earlier try has left one behind.
  if ((await mkdir(partial, { recursive: true, mode: 0o755 })) === undefined) {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { mode: 0o755 });
  }
  const folders = new Set(['.']);
  const opened: FileHandle[] = [];
  try {
    for (const { path, contentBase64 } of files) {
      for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
      if (dirname(path) !== '.') await mkdir(join(partial, dirname(path)), { recursive: true, mode: 0o755 });
      // Readable by all below a folder that is not: a sandbox shows a program of a parent to an unprivileged user.
      const file = await open(join(partial, path), 'wx', 0o644);
      opened.push(file);
      await file.writeFile(Buffer.from(contentBase64, 'base64'));
    }
    await replaceFolder(partial, directory);
    const named = [dirname(directory), ...[...folders].map((folder) => join(directory, folder))];
    await Promise.all([...opened.map((file) => file.datasync()), ...named.map(syncFolder)]);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw writeFailure(directory, error);
  } finally {
    await Promise.all(opened.map((file) => file.close()));
  }
}

async function replaceFolder(by: string, folder: string): Promise<void> {
  try {
    await rename(by, folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await rm(folder, { recursive: true });
    await rename(by, folder);
  }
}

async function regularFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [directory];
  let bytes = 0;
  for (let folder = folders[0], next = 1; folder !== undefined; folder = folders[next++]) {
    for await (const entry of await opendir(folder)) {
      const whole = join(folder, entry.name);
      const path = relative(directory, whole);
      if (entry.isDirectory()) {
        if (skippedProgramFolders.includes(entry.name)) continue;
        if (folders.push(whole) > maxFolders)
          throw new ProgramFolderError(directory, `it holds more than ${maxFolders} folders`);
        continue;
      }
      if (!entry.isFile())
        throw new ProgramFolderError(
          directory,
          `${path} is a ${entry.isSymbolicLink() ? 'symbolic link' : 'special file'}, and a program is made of regular files only`,
        );
      if (!isCleanPath(path)) throw new ProgramFolderError(directory, `${JSON.stringify(path)} is no clean file name`);
      if (found.push(path) > maxProgramFiles)
        throw new ProgramFolderError(
          directory,
          `it holds more than ${maxProgramFiles} files. Leave data, results and environments out`,
        );
      bytes = withinBytes(directory, bytes + (await lstat(whole)).size, path);
    }
  }
  return found.sort();
}

function withinBytes(directory: string, bytes: number, path: string): number {
  if (bytes > maxProgramBytes)
    throw new ProgramFolderError(
      directory,
      `it holds more than ${maxProgramBytes / 2 ** 20} MiB (at ${path}). Leave data, results and environments out`,
    );
  return bytes;
}
