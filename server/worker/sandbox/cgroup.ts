/**
 * Control groups: the only limits of memory and of the number of processes that hold for a whole sandbox. Version 1 and
 * version 2, where this user may make one; elsewhere nothing, and the driver says so.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../../protocol/worker.ts';
import { ownGroups } from './cgroupMounts.ts';
import { MemoryAccount } from './memoryAccount.ts';

type Controller = 'memory' | 'pids' | 'cpu';
/** Asked once: the answer is read from the speed of each. */
const machineCpus = cpus().length;
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

/** @param own folder of the group that this process is in */
function versionTwo(mount: string, own: string): CgroupParents | null {
  const candidates = [own];
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
  const folders: CgroupParents['folders'] = {};
  const groups = ownGroups(mountinfo, membership, controllers);
  for (const group of groups) {
    if (group.version === 2 || !canMakeFolders(group.folder)) continue;
    for (const controller of controllers) {
      if (group.controllers.includes(controller)) folders[controller] ??= group.folder;
    }
  }
  if (folders.memory !== undefined || folders.pids !== undefined) return { version: 1, folders };
  const unified = groups.find(({ version }) => version === 2);
  return unified === undefined ? null : versionTwo(unified.mount, unified.folder);
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
  /** What it has used; null where memory is not counted. */
  readonly memory: MemoryAccount | null;

  constructor(parents: CgroupParents, name: string, limits: Limits) {
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
    if (limits.cpus < machineCpus) {
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
    const { memory } = parents.folders;
    this.memory = memory === undefined ? null : new MemoryAccount(join(memory, name), parents.version);
  }

  /** Removes the group. Its processes must be dead, or dying: it is tried for `deadlineMs`. */
  async remove(deadlineMs = 5000): Promise<void> {
    this.memory?.peakBytes();
    this.memory?.kills();
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
