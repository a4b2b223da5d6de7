/** One owner per run: a lock file that names the process holding it, and is taken over when that process is gone. */
import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import * as z from 'zod';

const Holder = z.object({ pid: z.int(), startTime: z.string() });

export class LockedError extends Error {
  override readonly name = 'LockedError';
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(`${path} is held by process ${pid}, which is alive.`);
    this.pid = pid;
  }
}

/** Start time of a process in clock ticks since boot: tells a process from a later one with the same number. */
export function processStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    // No such process, or no /proc: fall back to asking the kernel whether the number is in use.
    return isAlive(pid) ? 'unknown' : null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @throws {LockedError} if a living process holds it. @returns a function that gives it back. */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid) }));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await lockHolder(path);
    if (holder !== null) throw new LockedError(path, holder);
    if (attempt > 3) throw new Error(`${path} cannot be taken; remove it if no aira2 process is running.`);
    await rm(path, { force: true });
  }
}

/** The living process that holds the lock, or null. */
export async function lockHolder(path: string): Promise<number | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return null;
  }
  const parsed = Holder.safeParse(safeJson(text));
  if (!parsed.success) return null;
  return processStartTime(parsed.data.pid) === parsed.data.startTime ? parsed.data.pid : null;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
