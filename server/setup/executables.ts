/** Looks programs up on PATH, as a shell does. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { hasCode } from '../../protocol/thrown.ts';

function isExecutable(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    // An answer, not a fault: a folder of somebody else on PATH, or a file that root may not execute as nobody may.
    if (hasCode(error, 'EACCES')) return false;
    throw error;
  }
}

/** First executable of that name on PATH; null if there is none. */
export function which(name: string, path: string = process.env.PATH ?? ''): string | null {
  const folders = path.split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}
