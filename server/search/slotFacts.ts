/** What candidates are called on slots, and what programs find there. */
import type { CandidateId } from '../../protocol/run.ts';
import type { WorkerSlot } from '../workers/contract.ts';

/** Names a candidate's sandbox, and begins the ids of all its executions. */
export function sessionName(id: CandidateId): string {
  return `c${id}`;
}

/** What of a task bounds the CPUs. */
export interface CpuLimited {
  manifest: { limits: { cpus: number } };
}

/** CPUs that a program may use: the slot's, at most the manifest's limit. */
export function cpusOf(slot: Pick<WorkerSlot, 'status'>, task: CpuLimited): number {
  const here = slot.status().cpuList.length;
  return here === 0 ? task.manifest.limits.cpus : Math.min(here, task.manifest.limits.cpus);
}

/** Name of the slot's GPU, its id where the name is not known, null without one. */
export function gpuOf(slot: WorkerSlot): string | null {
  const { gpuUuid, gpus } = slot.status();
  return gpus.find((gpu) => gpu.uuid === gpuUuid)?.name ?? gpuUuid;
}
