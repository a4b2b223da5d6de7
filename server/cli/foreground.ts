/** Hosts a run in this process and shows it: live on a terminal, line by line elsewhere, until it has ended or is interrupted. */
import type { LevelWithSilent } from 'pino';
import type { Price } from '../../protocol/cost.ts';
import { runReport } from '../analysis/report.ts';
import { RunHost } from '../api/runHost.ts';
import type { ChatModel } from '../models/chatModel.ts';
import type { RecordedRun } from '../search/recording/recordedRun.ts';
import type { RunStore } from '../store/runStore.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { CliError, exitCodes } from './exitCodes.ts';
import { fileLogger } from './machine.ts';
import { printOutcome } from './outcome.ts';
import { note, printFailure } from './output.ts';
import { Progress } from './progress.ts';

export interface ForegroundOptions {
  store: RunStore;
  task: PreparedTask;
  model: ChatModel;
  /** null: unpriced. */
  price: Price | null;
  venv: string;
  json: boolean;
  logLevel: LevelWithSilent;
  /** Makes this run again instead of searching. */
  replay?: RecordedRun | null;
}

/** @throws {CliError} with 130 if interrupted, 5 if nothing could be selected, or a replay cannot go on */
export async function hostInForeground(options: ForegroundOptions): Promise<void> {
  const { store, task, model, price, venv, json, replay } = options;
  const log = fileLogger(store.paths.log, options.logLevel);
  const progress = new Progress({ source: store, stream: process.stderr });
  // Its workers end with it: what they compute at this moment is begun again, unlike after a kill of the server alone.
  const goOn = `Every candidate and every agent's log is kept; what was being computed is begun again. Go on with: aira2 runs resume ${store.id}`;
  let host: RunHost | null = null;
  let asked: string | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked !== null) {
      // Like a kill: the log has all that was announced, workers end by themselves.
      progress.stop();
      printFailure(new CliError(exitCodes.interrupted, `left at once by ${signal}. ${goOn}`), exitCodes.interrupted);
      process.exit(exitCodes.interrupted);
    }
    asked = `interrupted by ${signal}`;
    const when = host === null ? ' as soon as its workers have started' : '';
    progress.say(`${signal}: leaving the run as it is${when} … (once more: at once)`);
    host?.search.interrupt(asked);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    note(`run ${store.id}: ${task.manifest.title}, ${model.info.label}`);
    host = await RunHost.start({
      store,
      task,
      model,
      price,
      venv,
      log,
      ...(replay == null ? {} : { replay }),
      onActivity: (activity) => progress.activity(activity),
      onPoolEvent: (event) => progress.pool(event),
    });
    if (asked !== null) host.search.interrupt(asked);
    progress.start();
    const end = await host.run();
    progress.stop();
    if (end.kind === 'interrupted' && replay != null && asked === null)
      throw new CliError(exitCodes.noResult, `The replay has left its recording: ${end.reason}`);
    if (end.kind === 'interrupted') throw new CliError(exitCodes.interrupted, `${end.reason}. ${goOn}`);
    printOutcome(json, runReport(store.view, task.manifest), store.paths.report);
  } finally {
    progress.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    await store.close();
  }
}
