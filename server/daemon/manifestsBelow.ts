/** Manifests in the folders of a workspace: found by name, within bounds, without following links. */
import { opendir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { manifestFileName } from '../tasks/manifest.ts';

export interface SearchBounds {
  /** Of folders below the given ones. */
  maxDepth: number;
  /** Names of files and folders that are looked at, over all folders. */
  maxEntries: number;
}

const defaultBounds: SearchBounds = { maxDepth: 3, maxEntries: 50_000 };
/** Large, and nobody keeps a task there. */
const skipped = new Set(['node_modules', '__pycache__', 'site-packages', 'venv']);

/** @param folders absolute; others are left out. @returns paths of manifests, sorted */
export async function manifestsBelow(
  folders: readonly string[],
  bounds: Partial<SearchBounds> = {},
): Promise<string[]> {
  const { maxDepth, maxEntries } = { ...defaultBounds, ...bounds };
  const found = new Set<string>();
  const queue = folders.filter((folder) => isAbsolute(folder)).map((folder) => ({ folder, depth: 0 }));
  let looked = 0;
  for (let next = queue.shift(); next !== undefined && looked < maxEntries; next = queue.shift()) {
    const { folder, depth } = next;
    // A folder that cannot be read holds no task for us.
    const entries = await opendir(folder).catch(() => null);
    if (entries === null) continue;
    for await (const entry of entries) {
      looked += 1;
      if (looked >= maxEntries) break;
      if (entry.isFile() && entry.name === manifestFileName) found.add(join(folder, entry.name));
      const isWorthIt = entry.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name);
      if (isWorthIt && depth < maxDepth) queue.push({ folder: join(folder, entry.name), depth: depth + 1 });
    }
  }
  return [...found].sort();
}
