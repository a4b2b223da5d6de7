/**
 * What a slot must remember across a restart of the server: which worker is there, its secret, and the last epoch that
 * was granted. Written whole, synced, mode 0600, before anything is done on the strength of it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { SandboxDriverName } from '../../protocol/run.ts';
import { readDocument } from '../store/document.ts';
import { writeDurably } from '../store/durableFile.ts';

export const SlotRecord = z.object({
  workerId: z.string(),
  token: z.string(),
  /** The last epoch granted; the next one is higher. */
  epoch: z.int().nonnegative(),
  /** Folder of the worker, inside the state directory. */
  folder: z.string(),
  /** Where the worker dials; a server that listens elsewhere will not be found by it. */
  url: z.string(),
  /** Null between the decision to launch and the launch. */
  process: z.object({ pid: z.int().positive(), startTime: z.string() }).nullable(),
  /** What it was launched with: a worker launched otherwise is replaced. */
  placement: z.object({
    driver: SandboxDriverName,
    venv: z.string(),
    cpuList: z.array(z.int()),
    gpuUuid: z.string().nullable(),
  }),
});
export type SlotRecord = z.infer<typeof SlotRecord>;

const pathOf = (stateDirectory: string, slot: number) => join(stateDirectory, `slot-${slot}.json`);

/** @returns null if there is none. @throws DocumentError if it is there and not of this version. */
export function readSlotRecord(stateDirectory: string, slot: number): Promise<SlotRecord | null> {
  return readDocument(pathOf(stateDirectory, slot), SlotRecord);
}

export function writeSlotRecord(stateDirectory: string, slot: number, record: SlotRecord): Promise<void> {
  return writeDurably(pathOf(stateDirectory, slot), JSON.stringify(record));
}

export async function removeSlotRecord(stateDirectory: string, slot: number): Promise<void> {
  await rm(pathOf(stateDirectory, slot), { force: true });
}

/** The slot of a record's file name, null for any other file. */
export function slotOfRecordFile(name: string): number | null {
  const slot = /^slot-(\d+)\.json$/.exec(name)?.[1];
  return slot === undefined ? null : Number(slot);
}
