/** Files that are there whole after a power cut, or not at all: written aside, synced, renamed. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../disk.ts';
import { writeFailure } from './diskFull.ts';

export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await writeSynced(aside, content, mode);
    await rename(aside, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(aside, { force: true });
    throw writeFailure(path, error);
  }
}

/** A file whose bytes are on disk when this resolves; its name is only with `syncFolder`. */
export async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } catch (error) {
    throw writeFailure(path, error);
  } finally {
    await handle.close();
  }
}
