/**
 * Hosts a run in a process of its own, for tests that disturb it: `node host.ts '<JSON of HostSettings>'`. Makes the run if it
 * is not there, takes it up if it is. Every event that a client would be told of goes to standard output, one line of JSON
 * each. Exits 0 when the run has finished, 3 when it is left to be resumed, with the reason on standard error.
 */
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import * as z from 'zod';
import type { NewRun } from '../../../protocol/run.ts';
import type { WorkerConfig } from '../../../protocol/worker.ts';
import { RunHost } from '../../../server/api/runHost.ts';
import { exitCodeOf } from '../../../server/cli/exitCodes.ts';
import { hostInForeground } from '../../../server/cli/foreground.ts';
import { printFailure } from '../../../server/cli/output.ts';
import { listRunIds, RunStore } from '../../../server/store/runStore.ts';
import { loadPreparedTask } from '../../../server/tasks/catalog.ts';
import type { PreparedTask } from '../../../server/tasks/preparedTask.ts';
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
  /** As the command does it: with its words on standard error, and its exit codes. */
  foreground: z.boolean().optional(),
  /** Ends like one that is killed when its standard input ends. */
  diesWithParent: z.boolean().optional(),
  timing: z.partialRecord(
    z.enum(['leaseMs', 'renewEveryMs', 'graceMs', 'keepAliveMs', 'watchEveryMs', 'adoptMs', 'shutdownMs']),
    z.number(),
  ),
  researcher: z.object({ lookS: z.number(), thinkS: z.number(), programS: z.number() }),
});
export type HostSettings = z.infer<typeof HostSettings>;

/** Exit status of a run that can be resumed. */
export const interruptedStatus = 3;

export function newRun({ candidates, workers }: HostSettings, { splitHash, scoringHash }: PreparedTask): NewRun {
  const metric = { name: 'RMSE', direction: 'minimize' } as const;
  return { ...runStarted({ task: 'linear', candidates, workers, drafts: 2 }), metric, splitHash, scoringHash };
}

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

async function main(settings: HostSettings) {
  if (settings.diesWithParent === true) process.stdin.on('end', () => process.exit(137)).resume();
  const { home, run, workersDial, timing, researcher } = settings;
  const task = loadPreparedTask(home, 'linear');
  const isNew = !(await listRunIds(home)).includes(run);
  const store = isNew ? await RunStore.create(home, run, newRun(settings, task)) : await RunStore.open(home, run);
  store.subscribe(isNew ? 0 : store.view.lastSeq, (event) => process.stdout.write(`${JSON.stringify(event)}\n`));
  if (!isNew) await store.append({ type: 'run_resumed', pid: process.pid });
  if (settings.foreground === true) {
    await hostInForeground({
      ...{ store, task, venv, model: persistentResearcher(researcher) },
      ...{ price: null, json: false, logLevel: 'info' },
    });
    return;
  }
  const host = await RunHost.start({
    store,
    task,
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

if (process.argv[1] === hostProgram) {
  try {
    await main(HostSettings.parse(JSON.parse(process.argv[2] ?? '')));
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    printFailure(error, process.exitCode);
  }
}
