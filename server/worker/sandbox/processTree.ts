/** Who descends from whom, read from /proc: how the host finds the processes of a sandbox and their inner numbers. */
import { readdirSync, readFileSync } from 'node:fs';
import type { SandboxedProcess } from './sandbox.ts';

/** Ticks per second of the times in /proc/<pid>/stat: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  parent: number;
  startedAt: number;
  state: string;
  name: string;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // It ended while we looked.
  }
}

function stat(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name stands in parentheses and may hold any character, parentheses too.
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  return {
    name: text.slice(text.indexOf('(') + 1, close),
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    startedAt: Number(fields[19]) / ticksPerSecond,
  };
}

/** Number of a process in its innermost process namespace. */
function innerPid(pid: number): number | null {
  const numbers = /^NSpid:\s*(.*)$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return numbers === undefined ? null : Number(numbers.split(/\s+/).at(-1));
}

/** Start of a process, or null if there is none: with its number this names a process for good. */
export function startOf(pid: number): number | null {
  return stat(pid)?.startedAt ?? null;
}

/** Names a process for good: numbers are used again. */
export function identity({ hostPid, startedAt }: Pick<SandboxedProcess, 'hostPid' | 'startedAt'>): string {
  return `${hostPid}@${startedAt}`;
}

/** Host numbers of a process's children at this moment, sooner than a look at all processes tells; empty if none. */
export function childrenNow(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`)?.trim() ?? '';
  return text === '' ? [] : text.split(' ').map(Number);
}

/** All living descendants of `root`, itself included; zombies are left out. */
export function descendants(root: number): SandboxedProcess[] {
  const children = new Map<number, number[]>();
  const stats = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    const found = stat(pid);
    if (found === null) continue;
    stats.set(pid, found);
    const siblings = children.get(found.parent);
    if (siblings === undefined) children.set(found.parent, [pid]);
    else siblings.push(pid);
  }
  const result: SandboxedProcess[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    waiting.push(...(children.get(pid) ?? []));
    const found = stats.get(pid);
    if (found === undefined || found.state === 'Z' || found.state === 'X') continue;
    const inner = innerPid(pid);
    if (inner === null) continue;
    result.push({
      hostPid: pid,
      pid: inner,
      parentHostPid: found.parent,
      startedAt: found.startedAt,
      name: found.name,
    });
  }
  return result;
}

/** Those of `processes` that descend from `ancestor` (host number). */
export function descendantsOf(processes: readonly SandboxedProcess[], ancestor: number): SandboxedProcess[] {
  return startedSince(processes, ancestor, Number.NEGATIVE_INFINITY);
}

/**
 * Those of `processes` that descend from `ancestor` (host number) through processes that all started at or after
 * `since` (seconds since boot) and are not `spared`: what a command has started, and not what an earlier one left in the
 * background.
 */
export function startedSince(
  processes: readonly SandboxedProcess[],
  ancestor: number,
  since: number,
  spared: ReadonlySet<string> = new Set(),
): SandboxedProcess[] {
  const result: SandboxedProcess[] = [];
  const waiting = [ancestor];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    for (const process of processes) {
      if (process.parentHostPid !== pid || process.hostPid === ancestor || process.startedAt < since) continue;
      if (spared.has(identity(process))) continue;
      result.push(process);
      waiting.push(process.hostPid);
    }
  }
  return result;
}
