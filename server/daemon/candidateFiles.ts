/**
 * Files of candidates, read for a client: only regular ones, only below the folder that they belong to, and no link is
 * followed on the way, whoever laid it there. Programs are written by models; what is shown of them is never more than theirs.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramEntry } from '../../protocol/clientViews.ts';
import { hasCode } from '../../protocol/thrown.ts';
import { isCleanPath, maxProgramBytes, maxProgramFiles, skippedProgramFolders } from '../../protocol/worker.ts';

/** A path that leads nowhere, or out of where it belongs. */
export class CandidatePathError extends Error {
  override readonly name = 'CandidatePathError';

  constructor(path: string, problem: string) {
    super(`${JSON.stringify(path)} cannot be read: ${problem}.`);
  }
}

const maxFolders = 1000;

/** The regular files of a program, sorted by path; empty where there is no program. Links and special files are left out. */
export async function programEntries(directory: string): Promise<ProgramEntry[]> {
  const entries: ProgramEntry[] = [];
  const folders = [''];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const opened = await opendir(join(directory, folder)).catch(absent);
    if (opened === null) continue;
    for await (const entry of opened) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!isCleanPath(path)) continue;
      if (entry.isDirectory() && !skippedProgramFolders.includes(entry.name) && folders.length < maxFolders)
        folders.push(path);
      if (entry.isFile()) entries.push({ path, bytes: (await lstat(join(directory, path))).size });
      if (entries.length >= maxProgramFiles) return sorted(entries);
    }
  }
  return sorted(entries);
}

const sorted = (entries: ProgramEntry[]) => entries.sort((a, b) => (a.path < b.path ? -1 : 1));

/** @throws {CandidatePathError} if it is no regular file below `directory`, or larger than a program may be */
export async function readProgramFile(directory: string, path: string): Promise<Buffer> {
  if (!isCleanPath(path)) throw new CandidatePathError(path, 'it is no clean relative path');
  const file = await openBelow(directory, path);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new CandidatePathError(path, 'it is no regular file');
    if (found.size > maxProgramBytes) throw new CandidatePathError(path, 'it is larger than a program may be');
    return await readAt(file, 0, found.size);
  } finally {
    await file.close();
  }
}

/** Opened without following a link in any part of the path. */
async function openBelow(directory: string, path: string): Promise<FileHandle> {
  const whole = join(directory, path);
  try {
    // Equal only if no part of the path is a link; the folder itself may lie behind one of the machine's own.
    if ((await realpath(whole)) !== join(await realpath(directory), path))
      throw new CandidatePathError(path, 'there is a link on the way');
    return await open(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof CandidatePathError) throw error;
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new CandidatePathError(path, 'there is no such file');
    if (error.code === 'ELOOP') throw new CandidatePathError(path, 'there is a link on the way');
    throw error;
  }
}

/** The last `maxBytes` of a text file of the engine's own; empty if it is not there. Cut at a character. */
export async function tailOf(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(absentOrLink);
  if (file === null) return '';
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - maxBytes);
    const bytes = await readAt(file, from, size - from);
    const start = from === 0 ? 0 : firstCharacter(bytes);
    return bytes.toString('utf8', start);
  } finally {
    await file.close();
  }
}

/** Up to `length` bytes from `from` on. */
export async function readAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Where the first whole character of UTF-8 begins. */
function firstCharacter(bytes: Buffer): number {
  let start = 0;
  while (start < 4 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}

export async function existingFile(path: string): Promise<boolean> {
  const found = await lstat(path).catch(absent);
  return found?.isFile() ?? false;
}

/** The engine lays no links: one that is there is nothing of its own. */
function absentOrLink(error: unknown): null {
  if (hasCode(error, 'ELOOP')) return null;
  return absent(error);
}

function absent(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}
