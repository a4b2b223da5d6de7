/** Ends the workers that a server has left at work, for a run that no server will take up again. */
import { readdir } from 'node:fs/promises';
import { hasCode } from '../../protocol/thrown.ts';
import type { WorkerLauncher } from './launcher.ts';
import { LocalLauncher } from './localLauncher.ts';
import { readSlotRecord, slotOfRecordFile } from './slotRecord.ts';

const killMs = 10_000;

/** @param stateDirectory as the pool had it; there may be none. @returns process ids that could not be ended in time */
export async function endWorkers(
  stateDirectory: string,
  launcher: Pick<WorkerLauncher, 'kill'> = new LocalLauncher(),
): Promise<number[]> {
  const slots = (await namesIn(stateDirectory)).flatMap((name) => slotOfRecordFile(name) ?? []);
  const left = slots.map(async (slot) => {
    const known = (await readSlotRecord(stateDirectory, slot))?.process ?? null;
    return known === null || (await launcher.kill(known, killMs)) ? [] : [known.pid];
  });
  return (await Promise.all(left)).flat();
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
