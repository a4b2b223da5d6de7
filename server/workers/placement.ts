/** Which CPUs each slot may use: those this process may use, divided evenly, neighbours together. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { hasCode } from '../../protocol/thrown.ts';

/** Numbers of the CPUs this process may run on (`taskset`, Slurm and containers narrow them). */
export function allowedCpus(statusFile = '/proc/self/status'): number[] {
  let text: string;
  try {
    text = readFileSync(statusFile, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return Array.from({ length: availableParallelism() }, (_, cpu) => cpu);
    }
    throw error;
  }
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(text)?.[1];
  if (list === undefined) {
    return Array.from({ length: availableParallelism() }, (_, cpu) => cpu);
  }
  return parseCpuList(list);
}

/** `0-3,8` to [0, 1, 2, 3, 8]: the kernel's list format. */
export function parseCpuList(list: string): number[] {
  const cpus: number[] = [];
  for (const range of list.split(',')) {
    const [first, last] = range.split('-').map(Number);
    if (first === undefined || !Number.isInteger(first)) {
      continue;
    }
    for (let cpu = first; cpu <= (last ?? first); cpu += 1) {
      cpus.push(cpu);
    }
  }
  return cpus;
}

/**
 * Divides CPUs among slots without overlap; the first slots get the remainder. With more slots than CPUs, slots share
 * a CPU each, in turn.
 */
export function divideCpus(cpus: number[], slots: number): number[][] {
  const sorted = [...cpus].sort((a, b) => a - b);
  if (sorted.length < slots) {
    return Array.from({ length: slots }, (_, slot) => sorted.slice(slot % sorted.length, (slot % sorted.length) + 1));
  }
  const share = Math.floor(sorted.length / slots);
  const extra = sorted.length % slots;
  let next = 0;
  return Array.from({ length: slots }, (_, slot) => {
    const size = share + (slot < extra ? 1 : 0);
    const list = sorted.slice(next, next + size);
    next += size;
    return list;
  });
}
