/** Whole runs with a tape beside them, in the process of the test: recorded, or made again from a recording. */
import pino from 'pino';
import type { Price } from '../../protocol/cost.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { createRun } from '../../server/api/newRun.ts';
import { RunHost } from '../../server/api/runHost.ts';
import { replayConfig, Tape } from '../../server/cli/tape.ts';
import { Governor } from '../../server/models/governor/governor.ts';
import { type Comparison, compareWithRecording } from '../../server/search/recording/comparison.ts';
import type { RunStore } from '../../server/store/runStore.ts';
import { type LinearTask, venv } from './linearTask.ts';

export interface Taped {
  toy: LinearTask;
  folder: string;
  price: Price;
}

/** Makes the run, and a recording of it in the folder. @returns its store, still open */
export async function recordedRun(config: RunConfig, { toy, folder, price }: Taped): Promise<RunStore> {
  const tape = await Tape.open({ record: folder }, { home: toy.home, isNew: true });
  try {
    return await hosted(tape, config, { toy, price });
  } finally {
    await tape.close();
  }
}

/** Makes the recorded run again. @returns its store, still open, and how far it is the same */
export async function replayedRun(
  machine: { workers: number; agentsPerSlot: number },
  { toy, folder, price }: Taped,
): Promise<{ store: RunStore; comparison: Comparison }> {
  const tape = await Tape.open({ replay: folder }, { home: toy.home, isNew: true });
  if (tape.replay === null) throw new Error(`${folder} holds no recording`);
  const config = replayConfig(tape.replay, toy.task, { ...machine, sandbox: tape.replay.head.config.sandbox });
  const store = await hosted(tape, config, { toy, price });
  return { store, comparison: await compareWithRecording(tape.replay, store) };
}

async function hosted(tape: Tape, config: RunConfig, { toy, price }: Pick<Taped, 'toy' | 'price'>): Promise<RunStore> {
  const model = tape.createModel(config.model);
  const store = await createRun(toy.home, toy.task, { info: model.info, config, price });
  try {
    await tape.begin(store);
    const host = await RunHost.start({
      store,
      task: toy.task,
      model,
      price,
      governor: new Governor(),
      venv,
      log: pino({ level: 'silent' }),
      ...(tape.replay === null ? {} : { replay: tape.replay }),
    });
    await host.run();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
