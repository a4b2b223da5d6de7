/**
 * CPU of this process and of everything it starts from now on, also of what outlives its parents: a control group of our own.
 * Linux only, root or a delegated group; else null, and the caller has only processes that it knows.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CpuAccount {
  /** Milliseconds so far. */
  usedMs(): number;
  /** Puts this process back where it was, and removes the group if nothing is left in it. */
  close(): void;
}

const accounting = '/sys/fs/cgroup/cpuacct';

/** @returns null where there is no accounting group of version 1 that can be written */
export function openCpuAccount(): CpuAccount | null {
  const group = join(accounting, `aira2-bench-${process.pid}`);
  if (!existsSync(join(accounting, 'cpuacct.usage'))) return null;
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
  } catch {
    return null;
  }
  return {
    usedMs: () => Number(readFileSync(join(group, 'cpuacct.usage'), 'utf8')) / 1e6,
    close: () => {
      writeFileSync(join(accounting, 'cgroup.procs'), String(process.pid));
      try {
        rmdirSync(group);
      } catch {
        // A process that is still going keeps it; it is empty soon, and costs nothing.
      }
    },
  };
}

/** CPU of one process, its dead and awaited children left out; 0 if it is gone. */
export function cpuOfProcessMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
