/**
 * Deletes a run that is not live: its events, programs, trajectories and predictions, and nothing else. It is gone at once, by
 * one renaming; what a crash leaves of the removal is removed by the next one.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../disk.ts';
import { runDirectory, runPaths, runsDirectory } from '../store/home.ts';
import { LockedError, takeLock } from '../store/processLock.ts';
import { listRunIds, RunNotFoundError } from '../store/runStore.ts';
import { endWorkers } from '../workers/endWorkers.ts';
import { RefusedError } from './refusal.ts';

/** No run has such a name. */
const aside = '.deleting-';

/** @throws {RunNotFoundError}; {RefusedError} if the run is live */
export async function deleteRun(home: string, run: string): Promise<void> {
  const known = await listRunIds(home);
  if (!known.includes(run)) throw new RunNotFoundError(run, known);
  const directory = runDirectory(home, run);
  const unlock = await locked(run, runPaths(directory).lock);
  const doomed = join(runsDirectory(home), `${aside}${run}-${randomBytes(4).toString('hex')}`);
  try {
    await rename(directory, doomed);
    await syncFolder(runsDirectory(home));
  } catch (error) {
    await unlock();
    throw error;
  }
  // Nobody takes the run up any more: what its workers still compute is for nobody.
  await endWorkers(runPaths(doomed).workers);
  await removeLeftovers(home);
}

async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(runsDirectory(home)))
    if (name.startsWith(aside)) await rm(join(runsDirectory(home), name), { recursive: true, force: true });
}

async function locked(run: string, path: string): Promise<() => Promise<void>> {
  try {
    return await takeLock(path);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new RefusedError(
      'refused',
      `Run ${run} is live (process ${error.pid}). Stop it first: aira2 runs stop ${run}`,
    );
  }
}
