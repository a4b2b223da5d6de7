/** What the kernel has counted of the memory of one control group; kept when the group is gone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownGroups } from './cgroupMounts.ts';

export class MemoryAccount {
  readonly #folder: string;
  readonly #version: 1 | 2;
  #lastPeak: number | null = null;
  #lastKills = 0;

  /** @param folder of the group in the hierarchy of the memory controller */
  constructor(folder: string, version: 1 | 2) {
    this.#folder = folder;
    this.#version = version;
  }

  #number(file: string, pattern: RegExp): number | null {
    try {
      const found = pattern.exec(readFileSync(join(this.#folder, file), 'utf8'))?.[1];
      return found === undefined ? null : Number(found);
    } catch {
      return null; // Removed with its sandbox: the last reading stands.
    }
  }

  /** Most memory in use at once so far, bytes; null where the kernel does not tell. */
  peakBytes(): number | null {
    const file = this.#version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak';
    this.#lastPeak = this.#number(file, /^(\d+)/) ?? this.#lastPeak;
    return this.#lastPeak;
  }

  /** Processes killed because the group was out of memory. */
  kills(): number {
    const file = this.#version === 1 ? 'memory.oom_control' : 'memory.events';
    this.#lastKills = this.#number(file, /^oom_kill (\d+)$/m) ?? this.#lastKills;
    return this.#lastKills;
  }
}

/**
 * The account of the group that a process is in, whoever has made it; null where its memory is not counted.
 * @param membership text of /proc/<pid>/cgroup
 * @param mountinfo text of /proc/self/mountinfo
 */
export function memoryAccountOf(membership: string, mountinfo: string): MemoryAccount | null {
  const groups = ownGroups(mountinfo, membership, ['memory']);
  const group = groups.find(({ version }) => version === 1) ?? groups[0];
  return group === undefined ? null : new MemoryAccount(group.folder, group.version);
}

/** The same for a process by its number; null too if it has ended. */
export function memoryAccountOfProcess(pid: number): MemoryAccount | null {
  try {
    return memoryAccountOf(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return null; // It has ended already.
  }
}
