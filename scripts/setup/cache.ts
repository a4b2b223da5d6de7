/** A folder of this user that all clones share: what is large, costs minutes to make, and is the same for each of them. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const abandonedAfterMs = 24 * 3600_000;
const unfinishedPrefix = '.unfinished-';

/** `AIRA2_CACHE`, else `aira2` in the user's cache folder. */
export function cacheDirectory(): string {
  return process.env.AIRA2_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'aira2');
}

/**
 * The folder `name` of the cache. Where it is missing, `make` fills a folder that takes its place when it is whole; of two
 * clones that do so at once the first wins. What earlier attempts left behind is cleared away.
 * @param make gets an empty folder; what it throws is passed on, and nothing remains
 */
export async function cachedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const cache = cacheDirectory();
  const target = join(cache, name);
  if (existsSync(target)) return target;
  await mkdir(cache, { recursive: true });
  await clearAbandoned(cache);
  const folder = await mkdtemp(join(cache, unfinishedPrefix));
  try {
    await make(folder);
    if (!existsSync(target)) await rename(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

async function clearAbandoned(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(unfinishedPrefix)) continue;
    const path = join(cache, entry);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}
