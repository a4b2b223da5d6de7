/** Ends what a scenario has started, also what detached itself: it is known by the home directory in its environment. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../../protocol/thrown.ts';

/** How long they have to end when they are asked to, and how long the kernel has for those that it kills. */
const patienceMs = 5_000;
const killMs = 30_000;

/** Ids of the processes whose environment has this variable with this value. Linux; empty where there is no /proc. */
async function processesWith(variable: string, value: string): Promise<number[]> {
  const entries = await readdir('/proc').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found: number[] = [];
  for (const entry of entries) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    // Gone in between, or another user's: neither is ours to end.
    const environment = await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(`${variable}=${value}`)) found.push(Number(entry));
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Sends a signal to every process with this home directory: SIGSTOP is what they see of a machine that falls asleep. */
export async function signalProcessesOf(home: string, name: NodeJS.Signals): Promise<void> {
  for (const pid of await processesWith('HOME', home)) signal(pid, name);
}

/** Asks every process with this home directory to end, and kills those that do not. */
export async function endProcessesOf(home: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  await signalProcessesOf(home, 'SIGTERM');
  for (;;) {
    const left = await processesWith('HOME', home);
    if (left.length === 0) return;
    if (performance.now() > deadline) for (const pid of left) signal(pid, 'SIGKILL');
    if (performance.now() > deadline + killMs) throw new Error(`processes of ${home} do not end: ${left.join(', ')}`);
    await sleep(100);
  }
}
