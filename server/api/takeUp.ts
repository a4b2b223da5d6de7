/** A run that is down, opened to go on: everything it needs is there before its log says that it goes on. */
import type { Price } from '../../protocol/cost.ts';
import { isTimedByGpus } from '../../protocol/projection.ts';
import type { RunId } from '../../protocol/run.ts';
import type { ChatModel } from '../models/chatModel.ts';
import { withServer } from '../models/openai/settings.ts';
import { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { priceFor } from './newRun.ts';
import { RefusedError } from './refusal.ts';
import { refusedWithoutGpu, whyMachineHasNoGpu, whyTaskHasNoGpu } from './runBounds.ts';
import { taskToGoOnWith } from './taskOfRun.ts';

export interface OpenedRun {
  /** Its owner closes it. */
  store: RunStore;
  task: PreparedTask;
  model: ChatModel;
  price: Price | null;
}

export interface GoingOn {
  /** Makes its model, by the name that the run was started with. */
  modelOf: (id: string) => ChatModel;
  /** The recording is at hand, for a run that replays one. */
  mayReplay?: boolean;
}

/**
 * What a person has paused stays so: who takes it up for a person who wants it to go on has to say that, too. What it throws
 * leaves the run as it was.
 * @throws {RunNotFoundError} {LockedError} it is live; {RefusedError} it has ended, its task is not what it was, or it would
 * never end here; {ChatModelError}
 */
export async function openToGoOn(home: string, id: RunId, { modelOf, mayReplay = false }: GoingOn): Promise<OpenedRun> {
  const store = await RunStore.open(home, id);
  try {
    const { config, price: first, state, endReason, paused } = store.view.summary;
    if (state === 'finished')
      throw new RefusedError('refused', `Run ${id} has ended (${endReason ?? state}): there is nothing to resume.`);
    if (config.replayOf !== undefined && !mayReplay)
      throw new RefusedError(
        'refused',
        `Run ${id} replays a recording: take it up with \`aira2 runs resume ${id} --replay <folder>\`.`,
      );
    const task = taskToGoOnWith(home, store.view.summary);
    const model = modelOf(withServer(config.model));
    // A price that was given with the run holds where none is known by now.
    const known = await priceFor(home, model.info, undefined);
    const price = known ?? (await priceFor(home, model.info, config.budget, first ?? undefined));
    const why = isTimedByGpus(config) ? (whyTaskHasNoGpu(task.manifest) ?? (await whyMachineHasNoGpu())) : null;
    const refusal = refusedWithoutGpu(store.view.summary, { ...model.info, price }, why);
    if (refusal !== null) throw refusal;
    const staysPaused = paused === true ? { staysPaused: true as const } : {};
    await store.append({ type: 'run_resumed', pid: process.pid, ...staysPaused });
    return { store, task, model, price };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Has a run say why nobody took it up: else whoever looks at it would only see that it is down.
 * @throws as `RunStore.open`
 */
export async function tellNotTakenUp(home: string, id: RunId, reason: string): Promise<void> {
  const store = await RunStore.open(home, id);
  try {
    const { state, interruption } = store.view.summary;
    if (state !== 'finished' && interruption !== reason)
      await store.append({ type: 'run_interrupted', reason, found: true });
  } finally {
    await store.close();
  }
}
