/** Slots and GPUs, 1:1 (§3.2). A slot beyond the number of GPUs runs on CPUs alone. */
import type { GpuReading } from '../../protocol/worker.ts';

/** @returns the GPU of each slot by uuid, null for a CPU slot; GPUs in the order of their index */
export function pinGpus(gpus: GpuReading[], slots: number): (string | null)[] {
  const byIndex = [...gpus].sort((a, b) => a.index - b.index);
  return Array.from({ length: slots }, (_, slot) => byIndex[slot]?.uuid ?? null);
}
