/** What server and worker have to know of disks alike. */
import { open } from 'node:fs/promises';
import { hasCode } from '../protocol/thrown.ts';

/** Puts the names in a folder on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether a disk that takes nothing any more is at the bottom of an error. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1)
    if (hasCode(at, 'ENOSPC', 'EDQUOT')) return true;
  return false;
}
