/** Whom a campaign strikes, and how: killed at once, stopped for a while, or stopped for longer than anybody waits. */
import { hasCode } from '../../../protocol/thrown.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { type FoundProcess, isStillAlive } from './processes.ts';
import type { Relay } from './relay.ts';

export const victims = ['server', 'worker', 'kernel', 'shell', 'socket'] as const;
export type Victim = (typeof victims)[number];

/** Of a socket: cut; silent for a while; silent for longer than the lease. */
export const blows = ['kill', 'stop', 'long stop'] as const;
export type Blow = (typeof blows)[number];

export interface Strike {
  victim: Victim;
  blow: Blow;
}

/** What identifies a victim among the processes of a run. */
const commands: Record<Exclude<Victim, 'server' | 'socket'>, RegExp> = {
  worker: /worker\/main\.ts$/,
  kernel: /-m ipykernel_launcher /,
  shell: /^bash --noprofile --norc -i$/,
};

export interface Scene {
  random: SeededRandom;
  /** Living processes of the run. */
  processes: readonly FoundProcess[];
  /** The server's; null while there is none. */
  host: number | null;
  relay: Relay;
  stopMs: { from: number; to: number };
  longStopMs: number;
}

/** What a stop has left to be undone. */
export interface Pending {
  /** Resolves when whoever was stopped goes on. */
  over: Promise<void>;
}

/** @returns null if there is no such victim at this moment */
export function strike({ victim, blow }: Strike, scene: Scene): Pending | null {
  const { random, relay, stopMs, longStopMs } = scene;
  const forMs = blow === 'stop' ? random.between(stopMs.from, stopMs.to) : longStopMs;
  if (victim === 'socket') {
    if (relay.lines === 0) return null;
    if (blow === 'kill') {
      relay.cut((count) => random.between(0, count - 1));
      return { over: Promise.resolve() };
    }
    return { over: after(forMs, relay.freeze()) };
  }
  const found = scene.processes.filter((one) =>
    victim === 'server' ? one.pid === scene.host : commands[victim].test(one.command),
  );
  const target = found.length === 0 ? null : random.pick(found);
  if (target === null) return null;
  if (blow === 'kill') {
    return signal(target, 'SIGKILL') ? { over: Promise.resolve() } : null;
  }
  if (!signal(target, 'SIGSTOP')) return null;
  return { over: after(forMs, () => signal(target, 'SIGCONT')) };
}

function after(ms: number, act: () => void): Promise<void> {
  return new Promise((resolve) =>
    setTimeout(() => {
      act();
      resolve();
    }, ms),
  );
}

/** @returns false if it has ended */
function signal(target: FoundProcess, name: NodeJS.Signals): boolean {
  if (!isStillAlive(target)) return false;
  try {
    process.kill(target.pid, name);
    return true;
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    throw error;
  }
}
