/** Manifests in the folders of a workspace: found by name, within bounds, without following links. */
import { opendir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { manifestFileName } from '../tasks/manifest.ts';

export interface SearchBounds {
  /** Of folders below the given ones. */
  maxDepth: number;
  /** Names of files and folders that are looked at, over all folders. */
  maxEntries: number;
  maxManifests: number;
  /** A file system that does not answer holds up nobody. */
  maxMs: number;
}

export interface FoundManifests {
  /** Absolute paths, sorted. */
  files: string[];
  /** The bound at which the search ended before it had seen everything; null: it has. */
  cutBy: 'entries' | 'manifests' | 'time' | null;
}

export const searchBounds: SearchBounds = { maxDepth: 3, maxEntries: 50_000, maxManifests: 500, maxMs: 5000 };
/** Large, and nobody keeps a task there. */
const skipped = new Set(['node_modules', '__pycache__', 'site-packages', 'venv']);

/** What lies high comes first where not all can be had. @param folders absolute; others are left out */
export async function manifestsBelow(
  folders: readonly string[],
  bounds: Partial<SearchBounds> = {},
): Promise<FoundManifests> {
  const { maxMs, ...others } = { ...searchBounds, ...bounds };
  const found = new Set<string>();
  const overdue = Promise.withResolvers<'time'>();
  const late = { is: false };
  const timer = setTimeout(() => {
    late.is = true;
    overdue.resolve('time');
  }, maxMs);
  try {
    const cutBy = await Promise.race([search(folders, others, found, late), overdue.promise]);
    return { files: [...found].sort(), cutBy };
  } finally {
    clearTimeout(timer);
  }
}

async function search(
  folders: readonly string[],
  { maxDepth, maxEntries, maxManifests }: Omit<SearchBounds, 'maxMs'>,
  found: Set<string>,
  late: { is: boolean },
): Promise<FoundManifests['cutBy']> {
  const queue = folders.filter((folder) => isAbsolute(folder)).map((folder) => ({ folder, depth: 0 }));
  let looked = 0;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { folder, depth } = next;
    // A folder that cannot be read holds no task for us.
    const entries = await opendir(folder).catch(() => null);
    if (entries === null) continue;
    for await (const entry of entries) {
      if (late.is) return 'time';
      looked += 1;
      if (looked > maxEntries) return 'entries';
      if (entry.isFile() && entry.name === manifestFileName) {
        if (found.size >= maxManifests) return 'manifests';
        found.add(join(folder, entry.name));
      }
      const isWorthIt = entry.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name);
      if (isWorthIt && depth < maxDepth) queue.push({ folder: join(folder, entry.name), depth: depth + 1 });
    }
  }
  return null;
}
