/** Limits through the user's own systemd, where there is one: the way of an unprivileged worker on a desktop or server. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Limits } from '../../../protocol/worker.ts';

const run = promisify(execFile);
const scope = ['systemd-run', '--user', '--scope', '--quiet', '--collect'];

/** Words to put before a command, so that it runs (as the same process) in a scope with these limits. */
export function scopeWords(limits: Limits): string[] {
  return [
    ...scope,
    ...['-p', `MemoryMax=${limits.memoryMb}M`, '-p', 'MemorySwapMax=0'],
    ...['-p', `TasksMax=${limits.pids}`, '-p', `CPUQuota=${limits.cpus * 100}%`, '--'],
  ];
}

export interface SystemdScope {
  words: (limits: Limits) => string[];
  /** What the words need of the worker's environment. */
  environment: Record<string, string>;
}

/** The user's systemd if it answers and takes limits; null otherwise. */
export async function systemdScope(): Promise<SystemdScope | null> {
  const environment: Record<string, string> = {};
  for (const name of ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS']) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  if (Object.keys(environment).length === 0) return null;
  try {
    await run('systemd-run', [...scope.slice(1), '-p', 'MemoryMax=64M', '--', 'true'], { timeout: 10_000 });
  } catch {
    return null;
  }
  return { words: scopeWords, environment };
}
