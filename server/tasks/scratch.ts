/** Scratch folders beside the place their content will be renamed to; swept when the process that made them is gone. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { hasCode } from '../../protocol/thrown.ts';

/**
 * Runs `work` in a new folder `<parent>/.<purpose>-<pid>-xxxxxx`, which is gone afterwards, and removes those that killed
 * processes left. `parent` must exist.
 */
export async function inScratch<T>(parent: string, purpose: string, work: (folder: string) => Promise<T>): Promise<T> {
  await sweep(parent, purpose);
  const folder = await mkdtemp(path.join(parent, `.${purpose}-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sweep(parent: string, purpose: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`.${purpose}-`)) continue;
    const pid = Number(name.slice(purpose.length + 2).split('-')[0]);
    if (!isAlive(pid)) await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return hasCode(error, 'EPERM');
  }
}
