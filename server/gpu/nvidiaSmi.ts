/**
 * What `nvidia-smi` says, read with suspicion: it may be missing, hang where no signal reaches it, or print `ERR!` and
 * `[N/A]` where a number belongs. Used by the server to pin slots to GPUs, and by a worker for its own GPU.
 */
import { execa } from 'execa';
import type { GpuReading } from '../../protocol/worker.ts';

/** One process that prints readings: the columns are parsed by `parseReading` in this order. */
export const queryArguments = [
  '--query-gpu=uuid,index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw',
  '--format=csv,noheader,nounits',
] as const;

export interface Inventory {
  gpus: GpuReading[];
  /** Why GPUs may be missing from the list, in words; null if the list can be believed. No driver is no problem. */
  problem: string | null;
}

export interface InventoryOptions {
  /** Default `nvidia-smi`, looked up on PATH. */
  command?: string;
  /** Default 10 s: a driver that loads takes seconds. */
  timeoutMs?: number;
}

/** The GPUs of this host, by index. Never waits longer than the deadline, whatever `nvidia-smi` does. */
export async function gpuInventory(options: InventoryOptions = {}): Promise<Inventory> {
  const { command = 'nvidia-smi', timeoutMs = 10_000 } = options;
  const child = execa(command, queryArguments, {
    reject: false,
    stdin: 'ignore',
    maxBuffer: 1024 * 1024,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  // A process in uninterruptible sleep does not end when it is killed: it is left behind with its pipes, never awaited.
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs + 500);
  });
  const result = await Promise.race([child, deadline]);
  clearTimeout(timer);
  if (result === null || result.timedOut) {
    child.unref();
    child.stdout.destroy();
    child.stderr.destroy();
    return { gpus: [], problem: `${command} gave no answer within ${timeoutMs} ms: the GPU driver hangs` };
  }
  if (result.code === 'ENOENT') {
    return { gpus: [], problem: null };
  }
  if (result.failed) {
    const words = `${result.stdout}\n${result.stderr}`.trim().slice(0, 500);
    return { gpus: [], problem: `${command} failed (${result.exitCode ?? result.shortMessage}): ${words}` };
  }
  return readInventory(result.stdout, command);
}

function readInventory(text: string, command: string): Inventory {
  const gpus: GpuReading[] = [];
  const bad: string[] = [];
  for (const line of text.split('\n')) {
    const reading = parseReading(line);
    if (reading !== null) {
      gpus.push(reading);
    } else if (line.trim() !== '') {
      bad.push(line.trim().slice(0, 200));
    }
  }
  gpus.sort((a, b) => a.index - b.index);
  const problem = bad.length === 0 ? null : `${command} printed lines that name no GPU: ${bad.slice(0, 3).join(' | ')}`;
  return { gpus, problem };
}

/** One line of CSV, or null if it names no GPU. A value that is not a number (`[N/A]`, `ERR!`) becomes null. */
export function parseReading(line: string): GpuReading | null {
  const fields = line.split(',').map((field) => field.trim());
  const [uuid, index, name, ...values] = fields;
  if (uuid === undefined || index === undefined || name === undefined || values.length !== 5) {
    return null;
  }
  if (!/^(GPU|MIG)-[0-9a-fA-F-]{8,64}$/.test(uuid) || !/^\d{1,4}$/.test(index)) {
    return null;
  }
  const [utilization, used, total, temperature, power] = values.map(number);
  return {
    uuid,
    index: Number(index),
    name,
    utilizationPercent: utilization ?? null,
    memoryUsedMb: used ?? null,
    memoryTotalMb: total ?? null,
    temperatureC: temperature ?? null,
    powerW: power ?? null,
  };
}

/** `ERR!` anywhere in a line: the GPU has fallen off the bus or is about to. `[N/A]` is only a missing sensor. */
export function reportsError(line: string): boolean {
  return /ERR!|Unknown Error|GPU is lost/i.test(line);
}

function number(field: string): number | null {
  return /^-?\d+(\.\d+)?$/.test(field) ? Number(field) : null;
}
