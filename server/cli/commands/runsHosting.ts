/** `aira2 runs resume` and `runs follow`: runs that go on, here or in the agent server. */
import { Argument, Command } from 'commander';
import type { RunSummary } from '../../../protocol/run.ts';
import { virtualEnvironment } from '../../api/pythonEnvironment.ts';
import { callRun } from '../../api/runDoor.ts';
import { openToGoOn } from '../../api/takeUp.ts';
import { readRun } from '../../store/runStore.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { follow } from '../follow.ts';
import { hostInForeground } from '../foreground.ts';
import { type HostingOptions, hostedWhere, withHosting } from '../hostingOptions.ts';
import { handOverKey } from '../keys.ts';
import { homeOf, logLevel, resolveRun } from '../machine.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { print } from '../output.ts';
import { connectToServer } from '../serverCommand.ts';
import { type TapeOptions, usingTape } from '../tape.ts';

const runArgument = () => new Argument('[run]', 'id, unique part of an id, or "last"').default('last');

type ResumeOptions = HostingOptions & TapeOptions;

export function resume(): Command {
  const command = withCommon(new Command('resume'))
    .description(
      'Take up an interrupted run where it was, or let a paused one go on; one that goes on already is followed.',
    )
    .addArgument(runArgument())
    .option('--record <folder>', 'go on recording there, for a run that was started with --record')
    .option('--replay <folder>', 'the recording, for a run that was started with --replay');
  return withHosting(command, ['record', 'replay']).action(async (text: string, options: ResumeOptions) => {
    const home = homeOf(options);
    const run = await resolveRun(home, text);
    const { view, live } = await readRun(home, run);
    const { summary } = view;
    if (live && summary.state !== 'paused') {
      if (options.foreground === true)
        throw new CliError(
          exitCodes.badInput,
          `Run ${run} goes on already, and not in this process: --foreground cannot be had. Watch it with: aira2 runs follow ${run}`,
        );
      await watch(home, run, options);
      return;
    }
    if (live) {
      await callRun(home, run, (peer) => peer.request('run.unpause', { run }, { timeoutMs: 10_000 }));
      print(options.json ?? false, 'runs steer', { run, done: 'unpaused' }, () => `Run ${run} goes on.`);
      return;
    }
    if (summary.state === 'finished')
      throw new CliError(
        exitCodes.badInput,
        `Run ${run} has ended (${summary.endReason ?? summary.state}): there is nothing to resume.`,
      );
    const isTaped =
      options.record !== undefined || options.replay !== undefined || summary.config.replayOf !== undefined;
    const where = hostedWhere(options, isTaped);
    if (where === 'here') await goOnHere(home, summary, options);
    else await goOnInServer(home, summary, { ...options, isDetached: where === 'detached' });
  });
}

export function followRun(): Command {
  return withCommon(new Command('follow'))
    .description(
      'Watch a run that the agent server, or another terminal, hosts. Ctrl-C ends the watching, not the run.',
    )
    .addArgument(runArgument())
    .action(async (text: string, options: CommonOptions) => {
      const home = homeOf(options);
      await watch(home, await resolveRun(home, text), options);
    });
}

/** @param options `detach`: it need not be watched, only said. */
async function watch(home: string, run: string, { json = false, detach }: HostingOptions): Promise<void> {
  if (detach === true) {
    print(json, 'runs steer', { run, done: 'resumed' }, () => `Run ${run} goes on already.`);
    return;
  }
  const client = await connectToServer(home, { start: true });
  try {
    await follow(client, { home, run, json });
  } finally {
    await client.dispose();
  }
}

async function goOnHere(home: string, { id, config }: RunSummary, options: ResumeOptions): Promise<void> {
  const venv = virtualEnvironment(home);
  const level = logLevel();
  await usingTape(options, { home, isNew: false, replayOf: config.replayOf ?? null }, async (tape) => {
    const { store, ...run } = await openToGoOn(home, id, {
      modelOf: (model) => tape.createModel(model),
      mayReplay: true,
    });
    try {
      if (store.view.summary.state === 'paused') await store.append({ type: 'run_unpaused' });
      await tape.begin(store);
      await hostInForeground({
        store,
        ...run,
        venv,
        json: options.json ?? false,
        logLevel: level,
        replay: tape.replay,
      });
      await tape.check(store);
    } finally {
      await store.close();
    }
  });
}

async function goOnInServer(
  home: string,
  { id: run, config }: RunSummary,
  { isDetached, json = false }: CommonOptions & { isDetached: boolean },
): Promise<void> {
  const client = await connectToServer(home, { start: true });
  try {
    await handOverKey(client, config.model);
    // A server that was started just now takes up by itself what the one before it hosted.
    const { liveRuns } = await client.request('server.get', {});
    const { state } = await client.request('run.get', { run });
    if (!liveRuns.includes(run) || state === 'paused') await client.request('run.resume', { run });
    if (isDetached)
      print(json, 'runs steer', { run, done: 'resumed' }, () => `Run ${run} goes on in the agent server.`);
    else await follow(client, { home, run, json });
  } finally {
    await client.dispose();
  }
}
