/** One execution of an evaluation on a slot, once, whatever happens to the server meanwhile. */
import type { ExecutionRequest, ExecutionResult } from '../../protocol/worker.ts';
import { InterruptedError } from '../agent/limits.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import type { KeptResults } from './keptResults.ts';

/**
 * Carries out an execution on the slot's device, which is free for others as soon as the result is here. The worker drops its
 * copy only when the result is on disk, or what follows from it; what was carried out before a restart is not done again.
 */
export async function executeOnce({
  execId,
  request,
  slot,
  kept,
  signal,
}: {
  execId: string;
  request: ExecutionRequest;
  slot: Pick<WorkerSlot, 'execute' | 'withDevice'>;
  kept: KeptResults;
  signal: AbortSignal;
}): Promise<ExecutionResult> {
  const known = await kept.known(execId);
  if (known !== null) return known;
  const execute = () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<ExecutionResult>();
    const commit = (result: ExecutionResult) => {
      arrive(result);
      return kept.keep(execId, result);
    };
    return Promise.race([arrived, slot.execute(execId, request, { signal, commit })]);
  };
  return slot.withDevice(execute, { priority: 'evaluation', signal });
}

/** An abort shows as `InterruptedError`, whatever the layer below made of it. */
export async function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted && !(error instanceof InterruptedError))
      throw new InterruptedError('the work was interrupted', { cause: error });
    throw error;
  }
}
