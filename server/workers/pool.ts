/**
 * The workers of one server: one for each slot, launched here or adopted from a server that died. Everything else asks
 * a slot. See `contract.ts` for what a slot promises.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { workerMaxPayloadBytes } from '../../protocol/dial.ts';
import { gpuInventory } from '../gpu/nvidiaSmi.ts';
import type { PoolTiming, SlotStatus, WorkerPoolOptions, WorkerSlot } from './contract.ts';
import { pinGpus } from './gpus.ts';
import { LocalLauncher } from './localLauncher.ts';
import { allowedCpus, divideCpus } from './placement.ts';
import { Slot, type SlotOptions } from './slot.ts';
import { slotOfRecordFile } from './slotRecord.ts';
import { Tenancy } from './tenancy.ts';

export const defaultTiming: PoolTiming = {
  helloMs: 30_000,
  leaseMs: 60_000,
  renewEveryMs: 10_000,
  graceMs: 15 * 60_000,
  adoptMs: 20_000,
  shutdownMs: 20_000,
  requestMs: 20_000,
  cancelWaitMs: 30_000,
  watchEveryMs: 1000,
  keepAliveMs: 10_000,
};

/** The endpoint's role that workers dial. */
export const workerRole = 'worker';

export class WorkerPool {
  readonly slots: readonly WorkerSlot[];
  /** What `nvidia-smi` had to say against the inventory, null if nothing: worth showing to a person. */
  readonly gpuProblem: string | null;
  readonly #slots: readonly Slot[];
  readonly #closeRole: () => void;

  private constructor(slots: readonly Slot[], gpuProblem: string | null, closeRole: () => void) {
    this.slots = slots;
    this.#slots = slots;
    this.gpuProblem = gpuProblem;
    this.#closeRole = closeRole;
  }

  /**
   * Adopts the workers that a previous server left on this state directory, launches what is missing, and resolves when
   * every slot has said hello.
   * @throws WorkerStartError a worker did not start; its last words are in the message. Nothing is left running.
   */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const { endpoint, stateDirectory, log } = options;
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    const { slotOptions, gpuProblem } = await place(options);
    const slots = slotOptions.map((one) => new Slot(one));
    await Promise.all(slots.map((slot) => slot.prepare()));
    const closeRole = endpoint.addRole(workerRole, {
      authenticate: (token) => slots.find((slot) => slot.knows(token)) ?? null,
      maxPayloadBytes: workerMaxPayloadBytes,
      keepAliveMs: options.timing?.keepAliveMs ?? defaultTiming.keepAliveMs,
      onConnection: (socket, slot) => slot.accept(socket),
    });
    const pool = new WorkerPool(slots, gpuProblem, closeRole);
    if (gpuProblem !== null) {
      log.warn({ gpuProblem }, 'the GPU inventory cannot be trusted');
    }
    const started = await Promise.allSettled([
      ...slots.map((slot) => slot.start()),
      evictSuperfluous(stateDirectory, slotOptions),
    ]);
    const failed = started.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await pool.close();
      throw failed.reason;
    }
    return pool;
  }

  slot(index: number): WorkerSlot {
    const slot = this.slots[index];
    if (slot === undefined) {
      throw new RangeError(`there is no slot ${index}: the pool has ${this.slots.length}`);
    }
    return slot;
  }

  status(): SlotStatus[] {
    return this.slots.map((slot) => slot.status());
  }

  /** Shuts all workers down; kills those that do not go in time. Resolves when no process is left. */
  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close()));
    this.#closeRole();
  }

  /** Lets go of the workers without ending them: the next server on this state directory adopts them. */
  detach(): void {
    for (const slot of this.#slots) {
      slot.detach();
    }
    this.#closeRole();
  }
}

async function place(options: WorkerPoolOptions): Promise<{ slotOptions: SlotOptions[]; gpuProblem: string | null }> {
  const { slots, driver, venv, stateDirectory, log } = options;
  const cpuLists = options.cpuLists ?? divideCpus(allowedCpus(), slots);
  const inventory = options.gpuUuids === undefined ? await gpuInventory() : { gpus: [], problem: null };
  const gpuUuids = options.gpuUuids ?? pinGpus(inventory.gpus, slots);
  const slotOptions = Array.from({ length: slots }, (_, index) => ({
    index,
    stateDirectory,
    url: options.endpoint.urlFor(workerRole),
    placement: { driver, venv, cpuList: cpuLists[index] ?? [], gpuUuid: gpuUuids[index] ?? null },
    launcher: options.launcher ?? new LocalLauncher(),
    timing: { ...defaultTiming, ...options.timing },
    log,
    onEvent: options.onEvent ?? (() => undefined),
  }));
  return { slotOptions, gpuProblem: inventory.problem };
}

/** Ends the workers of a previous server in slots that this one does not have. */
async function evictSuperfluous(stateDirectory: string, slotOptions: SlotOptions[]): Promise<void> {
  const [like] = slotOptions;
  if (like === undefined) {
    return;
  }
  for (const name of await readdir(stateDirectory)) {
    const index = slotOfRecordFile(name);
    if (index !== null && index >= slotOptions.length) {
      const tenancy = new Tenancy({ ...like, index });
      await tenancy.read();
      await tenancy.evict();
      await tenancy.shutDown(() => Promise.resolve());
    }
  }
}
