/** One owner per run: a lock file that names the process holding it, and is taken over when that process is gone. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { hasCode } from '../../protocol/thrown.ts';
import { writeFailure } from './diskFull.ts';

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
    return hasCode(error, 'EPERM');
  }
}

/** @throws {LockedError} if a living process holds it. @returns a function that gives it back. */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const mine = JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid), nonce: randomUUID() });
  await alone(path, async () => {
    const holder = await lockHolder(path);
    if (holder !== null) throw new LockedError(path, holder);
    // Written aside and renamed: nobody ever reads half a lock.
    const aside = `${path}.${randomUUID()}`;
    try {
      await writeFile(aside, mine, { mode: 0o600 });
      await rename(aside, path);
    } catch (error) {
      await rm(aside, { force: true });
      throw writeFailure(path, error);
    }
  });
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true });
  };
}

/**
 * Looking at a lock and taking it over must not be cut in two by another process that does the same. The kernel has one
 * name of a socket for one process and frees it when that process dies, so nothing stale can be left of this one.
 */
async function alone(path: string, act: () => Promise<void>): Promise<void> {
  const name = `\0aira2-lock-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32)}`;
  const server = createServer();
  for (const deadline = Date.now() + 10_000; ; await sleep(10)) {
    try {
      await new Promise<void>((done, failed) => server.once('error', failed).listen(name, done));
      break;
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE')) throw error;
      if (Date.now() > deadline) throw new Error(`${path}: another aira2 process has been taking this lock for 10 s.`);
    } finally {
      server.removeAllListeners('error');
    }
  }
  try {
    await act();
  } finally {
    await new Promise((closed) => server.close(closed));
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
