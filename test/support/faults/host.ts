/**
 * Hosts a run in a process of its own, for tests that disturb it: `node host.ts '<JSON of HostSettings>'`. Makes the run if it
 * is not there, takes it up if it is. Every event that a client would be told of goes to standard output, one line of JSON
 * each. Exits 0 when the run has finished, 3 when it is left to be resumed, with the reason on standard error.
 */
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import * as z from 'zod';
import type { WorkerConfig } from '../../../protocol/worker.ts';
import { RunHost } from '../../../server/api/runHost.ts';
import { listRunIds, RunStore } from '../../../server/store/runStore.ts';
import { loadPreparedTask } from '../../../server/tasks/catalog.ts';
import { LocalLauncher } from '../../../server/workers/localLauncher.ts';
import { runStarted } from '../candidates.ts';
import { venv } from '../linearTask.ts';
import { persistentResearcher } from './researcher.ts';

export const hostProgram = fileURLToPath(import.meta.url);

export const HostSettings = z.object({
  home: z.string(),
  run: z.string(),
  candidates: z.int().positive(),
  workers: z.int().positive(),
  /** What workers dial in place of the server's own address. */
  workersDial: z.string().optional(),
  timing: z.partialRecord(
    z.enum(['leaseMs', 'renewEveryMs', 'graceMs', 'keepAliveMs', 'watchEveryMs', 'adoptMs', 'shutdownMs']),
    z.number(),
  ),
  researcher: z.object({ lookS: z.number(), thinkS: z.number(), programS: z.number() }),
});
export type HostSettings = z.infer<typeof HostSettings>;

/** Exit status of a run that can be resumed. */
export const interruptedStatus = 3;

class RelayedLauncher extends LocalLauncher {
  readonly #url: string;

  constructor(url: string) {
    super();
    this.#url = url;
  }

  override launch(config: WorkerConfig) {
    return super.launch({ ...config, url: this.#url });
  }
}

async function main({ home, run, candidates, workers, workersDial, timing, researcher }: HostSettings) {
  const isNew = !(await listRunIds(home)).includes(run);
  const store = isNew
    ? await RunStore.create(home, run, {
        ...runStarted({ task: 'linear', candidates, workers, drafts: 2 }),
        metric: { name: 'RMSE', direction: 'minimize' },
      })
    : await RunStore.open(home, run);
  store.subscribe(isNew ? 0 : store.view.lastSeq, (event) => process.stdout.write(`${JSON.stringify(event)}\n`));
  if (!isNew) await store.append({ type: 'run_resumed', pid: process.pid });
  const host = await RunHost.start({
    store,
    task: loadPreparedTask(home, 'linear'),
    venv,
    log: pino({ level: 'warn' }, pino.destination({ dest: store.paths.log, sync: false })),
    model: persistentResearcher(researcher),
    timing,
    ...(workersDial === undefined ? {} : { launcher: new RelayedLauncher(workersDial) }),
  });
  try {
    const end = await host.run();
    if (end.kind === 'finished') return;
    process.stderr.write(`interrupted: ${end.reason}\n`);
    process.exitCode = interruptedStatus;
  } finally {
    await store.close();
  }
}

if (process.argv[1] === hostProgram) await main(HostSettings.parse(JSON.parse(process.argv[2] ?? '')));
