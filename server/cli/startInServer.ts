/** Starts a run in the agent server of this home, and follows it here or leaves it there. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RunSettings } from '../../protocol/client.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { defaultModel } from '../api/newRun.ts';
import { builtinTaskIds } from '../tasks/catalog.ts';
import { CliError, exitCodes } from './exitCodes.ts';
import { follow } from './follow.ts';
import { handOverKey, withItsServer } from './keys.ts';
import { note, print } from './output.ts';
import { connectToServer } from './serverCommand.ts';
import { spendingNote } from './spendingOptions.ts';

export interface StartOptions {
  home: string;
  /** As it was typed. */
  task: string;
  settings: RunSettings;
  json: boolean;
  isDetached: boolean;
}

/** @throws {CliError} with 130 if interrupted or detached; {RemoteError} what the server refuses, in its words */
export async function startInServer({ home, task, settings, json, isDetached }: StartOptions): Promise<void> {
  const client = await connectToServer(home, { start: true });
  const model = withItsServer(settings.model ?? defaultModel);
  try {
    await handOverKey(client, model);
    const run = await start(client, home, { task: referenceFor(task), settings: { ...settings, model } });
    if (isDetached)
      print(json, 'runs steer', { run, done: 'started' }, () =>
        [`Run ${run} goes on in the agent server.`, `Watch it with: aira2 runs follow ${run}`].join('\n'),
      );
    else await follow(client, { home, run, json });
  } finally {
    await client.dispose();
  }
}

/** Ctrl-C calls the start off, as long as there is no run. */
async function start(
  client: AgentServerClient,
  home: string,
  wanted: { task: string; settings: RunSettings },
): Promise<string> {
  const operation = `aira2-${process.pid}-${randomUUID()}`;
  const abort = new AbortController();
  const onSignal = (signal: NodeJS.Signals) =>
    abort.abort(new CliError(exitCodes.interrupted, `Called off by ${signal}: no run was started.`));
  const progress = client.on('progress', (step) => {
    if (step.operation === operation) note(step.message);
  });
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    const { price, estimate, settings } = await client.request('run.plan', wanted, { signal: abort.signal });
    if (estimate !== null) note(spendingNote(settings.model ?? defaultModel, price, estimate, home));
    const { run } = await client.request('run.start', { ...wanted, operation }, { signal: abort.signal });
    return run;
  } finally {
    progress.dispose();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

/** The server stands elsewhere: a path is told whole. */
function referenceFor(task: string): string {
  const [name = ''] = task.split('@');
  return builtinTaskIds().includes(name) || !existsSync(task) ? task : resolve(task);
}
