/**
 * Control groups: the only limits of memory and of the number of processes that hold for a whole sandbox. Version 1 and
 * version 2, where this user may make one; elsewhere nothing, and the driver says so.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../../protocol/worker.ts';

type Controller = 'memory' | 'pids' | 'cpu';
const controllers: readonly Controller[] = ['memory', 'pids', 'cpu'];

/** Where groups can be made: a folder for each controller (the same one for all of them in version 2). */
export interface CgroupParents {
  version: 1 | 2;
  folders: Partial<Record<Controller, string>>;
}

function canMakeFolders(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function enabled(folder: string): Controller[] {
  try {
    const names = readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8').split(/\s+/);
    return controllers.filter((controller) => names.includes(controller));
  } catch {
    return [];
  }
}

/** Controllers that new groups in `folder` would have; tries to switch on those that are missing. */
function enabledIn(folder: string): Controller[] {
  const already = enabled(folder);
  for (const controller of controllers) {
    if (already.includes(controller)) continue;
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // Not available, or processes stand in the way: the file says below what is on.
    }
  }
  return enabled(folder);
}

function versionTwo(mount: string, own: string): CgroupParents | null {
  const candidates = [join(mount, own)];
  if (process.getuid?.() === 0) candidates.push(join(mount, 'aira2'), mount);
  for (const folder of candidates) {
    try {
      if (folder.endsWith('/aira2')) {
        enabledIn(mount);
        mkdirSync(folder, { recursive: true });
      }
    } catch {
      continue;
    }
    if (!canMakeFolders(folder)) continue;
    const on = enabledIn(folder);
    if (!on.includes('memory')) continue;
    return { version: 2, folders: Object.fromEntries(on.map((controller) => [controller, folder])) };
  }
  return null;
}

/**
 * Finds where this process may make groups.
 * @param mountinfo text of /proc/self/mountinfo
 * @param membership text of /proc/self/cgroup
 */
export function findCgroupParents(mountinfo: string, membership: string): CgroupParents | null {
  const own = new Map<string, string>();
  for (const line of membership.split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names !== undefined && path !== undefined) for (const name of names.split(',')) own.set(name, path);
  }
  const folders: CgroupParents['folders'] = {};
  let unified: string | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, mount] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (root === undefined || mount === undefined) continue;
    if (type === 'cgroup2') unified ??= mount;
    if (type !== 'cgroup') continue;
    for (const controller of controllers) {
      if (!options?.split(',').includes(controller)) continue;
      const path = own.get(controller) ?? '/';
      const folder = join(mount, path.startsWith(root) ? path.slice(root === '/' ? 0 : root.length) : path);
      if (canMakeFolders(folder)) folders[controller] ??= folder;
    }
  }
  if (folders.memory !== undefined || folders.pids !== undefined) return { version: 1, folders };
  return unified === null ? null : versionTwo(unified, own.get('') ?? '/');
}

/** Where this process may make groups on this machine; null: nowhere. */
export function cgroupParentsHere(): CgroupParents | null {
  try {
    return findCgroupParents(readFileSync('/proc/self/mountinfo', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
  } catch {
    return null;
  }
}

export class Cgroup {
  /** Files to write a process number into, so that it and its children are held. */
  readonly joinFiles: readonly string[];
  readonly folders: readonly string[];
  readonly #version: 1 | 2;
  readonly #memory: string | null;
  #lastPeak: number | null = null;
  #lastKills = 0;

  constructor(parents: CgroupParents, name: string, limits: Limits) {
    this.#version = parents.version;
    const folders = new Set<string>();
    const bytes = String(limits.memoryMb * 1024 * 1024);
    const set = (controller: Controller, settings: [file: string, value: string, optional?: 'optional'][]) => {
      const parent = parents.folders[controller];
      if (parent === undefined) return;
      const folder = join(parent, name);
      mkdirSync(folder, { recursive: true });
      folders.add(folder);
      for (const [file, value, optional] of settings) {
        if (optional !== undefined && !existsSync(join(folder, file))) continue;
        writeFileSync(join(folder, file), value);
      }
    };
    const one = parents.version === 1;
    set(
      'memory',
      one
        ? [
            ['memory.limit_in_bytes', bytes],
            ['memory.memsw.limit_in_bytes', bytes, 'optional'],
          ]
        : [
            ['memory.max', bytes],
            ['memory.swap.max', '0', 'optional'],
          ],
    );
    set('pids', [['pids.max', String(limits.pids)]]);
    if (limits.cpus < cpus().length) {
      const quota = String(limits.cpus * 100_000);
      set(
        'cpu',
        one
          ? [
              ['cpu.cfs_period_us', '100000'],
              ['cpu.cfs_quota_us', quota],
            ]
          : [['cpu.max', `${quota} 100000`]],
      );
    }
    this.folders = [...folders];
    this.joinFiles = this.folders.map((folder) => join(folder, 'cgroup.procs'));
    this.#memory = parents.folders.memory === undefined ? null : join(parents.folders.memory, name);
  }

  #number(file: string, pattern: RegExp): number | null {
    if (this.#memory === null) return null;
    try {
      const found = pattern.exec(readFileSync(join(this.#memory, file), 'utf8'))?.[1];
      return found === undefined ? null : Number(found);
    } catch {
      return null; // Removed with its sandbox: the last reading stands.
    }
  }

  /** Most memory in use at once so far, bytes. */
  peakBytes(): number | null {
    const file = this.#version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak';
    this.#lastPeak = this.#number(file, /^(\d+)/) ?? this.#lastPeak;
    return this.#lastPeak;
  }

  /** Processes killed because the group was out of memory. */
  memoryKills(): number {
    const file = this.#version === 1 ? 'memory.oom_control' : 'memory.events';
    this.#lastKills = this.#number(file, /^oom_kill (\d+)$/m) ?? this.#lastKills;
    return this.#lastKills;
  }

  /** Removes the group. Its processes must be dead, or dying: it is tried for `deadlineMs`. */
  async remove(deadlineMs = 5000): Promise<void> {
    this.peakBytes();
    this.memoryKills();
    const until = performance.now() + deadlineMs;
    for (const folder of this.folders) {
      while (!removeFolder(folder) && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
}

/** Kills what is left in the group of a dead worker and removes it. */
export function removeDeadCgroup(folder: string): void {
  try {
    for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n')) {
      if (pid !== '') process.kill(Number(pid), 'SIGKILL');
    }
  } catch {
    // Somebody else was faster.
  }
  removeFolder(folder);
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch {
    return !existsSync(folder);
  }
  return true;
}
