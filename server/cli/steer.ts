/** Has a person's wish heeded: by the server of a live run, or, for a run that is down, in its log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { virtualEnvironment } from '../api/pythonEnvironment.ts';
import { callRun, RunBetweenError, type RunPeer } from '../api/runDoor.ts';
import { type RunSteering, steerStored } from '../api/steering.ts';
import { runDirectory, runPaths } from '../store/home.ts';
import { LockedError } from '../store/processLock.ts';
import { readRun } from '../store/runStore.ts';
import { fileLogger, logLevel } from './machine.ts';

const deliveryDeadlineMs = 10_000;

/**
 * Two commands at the same moment take turns at a run that is down: the second waits for the first.
 * @returns what came of it, and whether the run is live
 */
export async function steer<A, B = A>(
  home: string,
  run: string,
  how: { live: (peer: RunPeer) => Promise<A>; down: (steering: RunSteering) => Promise<B> },
): Promise<{ result: A | B; live: boolean }> {
  const log = () => fileLogger(runPaths(runDirectory(home, run)).log, logLevel());
  for (const deadline = Date.now() + deliveryDeadlineMs; ; await sleep(100)) {
    const { live } = await readRun(home, run);
    try {
      const result = live
        ? await callRun(home, run, how.live)
        : await steerStored({ home, run, venv: () => virtualEnvironment(home), log }, how.down);
      return { result, live };
    } catch (error) {
      const isBetween = error instanceof RunBetweenError || error instanceof LockedError;
      if (!isBetween || Date.now() > deadline) throw error;
    }
  }
}
