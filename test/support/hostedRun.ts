/** A run on the toy task that lives in the test's own process, with a scripted researcher. */
import pino from 'pino';
import { RunHost } from '../../server/api/runHost.ts';
import type { RunStore } from '../../server/store/runStore.ts';
import type { PreparedTask } from '../../server/tasks/preparedTask.ts';
import { venv } from './linearTask.ts';
import { linearProgram, scriptedModel } from './scriptedModel.ts';

/** Hosts the run here until `whileLive` is done and the search has ended; closes the store. */
export async function hosted(
  store: RunStore,
  task: PreparedTask,
  whileLive: (host: RunHost) => Promise<void>,
): Promise<void> {
  const host = await RunHost.start({
    store,
    task,
    model: scriptedModel({ program: ({ seed }) => linearProgram(2 + (seed % 100) / 100) }),
    venv,
    log: pino({ level: 'silent' }),
  });
  const ended = host.run();
  try {
    await whileLive(host);
    await ended;
  } finally {
    host.search.interrupt('the test is over');
    await ended;
    await store.close();
  }
}
