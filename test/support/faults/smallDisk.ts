/** A file system of a few MiB that can really be filled: a tmpfs, where this process may mount one. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../../../protocol/thrown.ts';

export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Takes every free byte. */
  fill(): void;
  /** Gives them back. */
  free(): void;
}

/** @returns null where a file system cannot be mounted: that takes root, and a container may deny it all the same */
export async function smallDisk(megabytes: number): Promise<SmallDisk | null> {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-small-'));
  const path = join(folder, 'disk');
  mkdirSync(path);
  return (await mountSmall(path, megabytes, async () => rm(folder, { recursive: true, force: true }))) ?? null;
}

/** As `smallDisk`, over a folder that is there. */
export async function mountSmall(
  path: string,
  megabytes: number,
  afterwards: () => Promise<void> = () => Promise.resolve(),
): Promise<SmallDisk | null> {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    await afterwards();
    return null;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => {
      for (const bytes of [1 << 20, 4096, 1])
        try {
          for (;;) appendFileSync(ballast, Buffer.alloc(bytes));
        } catch (error) {
          if (!hasCode(error, 'ENOSPC')) throw error;
        }
    },
    free: () => rmSync(ballast, { force: true }),
    [Symbol.asyncDispose]: async () => {
      // Lazily: the janitor of the last worker may still stand in it.
      execFileSync('umount', ['--lazy', path]);
      await afterwards();
    },
  };
}
