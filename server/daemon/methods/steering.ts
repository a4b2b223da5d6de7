/** Steering runs, wherever they are hosted: here, in another process, or nowhere at the moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunId } from '../../../protocol/run.ts';
import { callRun, RunBetweenError, type RunPeer } from '../../api/runDoor.ts';
import { type RunSteering, steerStored } from '../../api/steering.ts';
import { LockedError, lockHolder } from '../../store/processLock.ts';
import type { Methods } from '../methods.ts';
import type { ServerParts } from '../server.ts';

type SteeringMethods = Pick<
  Methods,
  | 'run.resume'
  | 'run.pause'
  | 'run.unpause'
  | 'run.finish'
  | 'run.stop'
  | 'run.extend'
  | 'run.unseal'
  | 'run.fork'
  | 'run.cross'
  | 'run.submit'
  | 'candidate.mark'
  | 'candidate.reevaluate'
>;

const deadlineMs = 15_000;
const timeout = { timeoutMs: 30_000 };
/** Scoring of hidden splits may take minutes. */
const unsealing = { timeoutMs: 60 * 60_000 };

export function steeringMethods(server: ServerParts): SteeringMethods {
  const { hosting, catalog, requireOpen } = server;
  const steer = async (run: RunId, here: Steer<unknown>, there: (peer: RunPeer) => Promise<unknown>) => {
    await steered(server, run, here, there);
    return {};
  };
  const queue = async (run: RunId, here: Steer<string>, there: (peer: RunPeer) => Promise<{ request: string }>) => ({
    request: await steered(server, run, here, async (peer) => (await there(peer)).request),
  });
  const unpause = ({ run }: { run: RunId }) =>
    steer(
      run,
      (steering) => steering.unpause(),
      (peer) => peer.request('run.unpause', { run }, timeout),
    );
  return {
    'run.resume': async ({ run }) => {
      requireOpen();
      await catalog.require(run);
      const isPaused = () => hosting.get(run)?.store.view.summary.state === 'paused';
      if (!isPaused()) await hosting.takeUp(run);
      return isPaused() ? unpause({ run }) : {};
    },
    'run.pause': ({ run }) =>
      steer(
        run,
        (steering) => steering.pause(),
        (peer) => peer.request('run.pause', { run }, timeout),
      ),
    'run.unpause': unpause,
    'run.finish': ({ run }) =>
      steer(
        run,
        (steering) => steering.finish(),
        (peer) => peer.request('run.finish', { run }, timeout),
      ),
    'run.stop': ({ run, now }) =>
      steer(
        run,
        (steering) => steering.stop({ now }),
        (peer) => peer.request('run.stop', { run, now }, timeout),
      ),
    'run.extend': ({ run, by }) =>
      steer(
        run,
        (steering) => steering.extend(by),
        (peer) => peer.request('run.extend', { run, by }, timeout),
      ),
    'run.unseal': ({ run }) =>
      steer(
        run,
        (steering) => steering.unsealEarly(),
        (peer) => peer.request('run.unseal', { run }, unsealing),
      ),
    'run.fork': (wish) =>
      queue(
        wish.run,
        (steering) => steering.ask(wish.operation, { kind: 'fork', ...wish }),
        (peer) => peer.request('run.fork', wish, timeout),
      ),
    'run.cross': (wish) =>
      queue(
        wish.run,
        (steering) => steering.ask(wish.operation, { kind: 'cross', ...wish }),
        (peer) => peer.request('run.cross', wish, timeout),
      ),
    'run.submit': (wish) =>
      queue(
        wish.run,
        (steering) => steering.ask(wish.operation, { kind: 'submit', ...wish }),
        (peer) => peer.request('run.submit', wish, timeout),
      ),
    'candidate.mark': (wish) =>
      steer(
        wish.run,
        (steering) => steering.mark(wish.candidate, wish),
        (peer) => peer.request('candidate.mark', wish, timeout),
      ),
    'candidate.reevaluate': (wish) =>
      queue(
        wish.run,
        (steering) => steering.ask(wish.operation, { kind: 'reevaluate', ...wish }),
        (peer) => peer.request('candidate.reevaluate', wish, timeout),
      ),
  };
}

type Steer<T> = (steering: RunSteering) => Promise<T>;

/** A run that is just starting or ending is waited for a little. */
async function steered<T>(
  { home, hosting, catalog, venv, log }: ServerParts,
  run: RunId,
  here: Steer<T>,
  there: (peer: RunPeer) => Promise<T>,
): Promise<T> {
  const { lock } = await catalog.require(run);
  for (const deadline = Date.now() + deadlineMs; ; await sleep(100)) {
    try {
      const hosted = hosting.get(run);
      if (hosted !== null) return await here((await hosted.host).steering);
      const holder = await lockHolder(lock);
      if (holder !== null && holder !== process.pid) return await callRun(home, run, there);
      const result = await steerStored({ home, run, venv, log: () => log }, here);
      catalog.grown(run);
      return result;
    } catch (error) {
      const isBetween = error instanceof RunBetweenError || error instanceof LockedError;
      if (!isBetween || Date.now() > deadline) throw error;
    }
  }
}
