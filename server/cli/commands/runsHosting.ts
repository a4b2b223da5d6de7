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
    .description('Take up an interrupted run where it was, or let a paused one go on.')
    .addArgument(runArgument())
    .option('--record <folder>', 'go on recording there, for a run that was started with --record')
    .option('--replay <folder>', 'the recording, for a run that was started with --replay');
  return withHosting(command, ['record', 'replay']).action(async (text: string, options: ResumeOptions) => {
    const home = homeOf(options);
    const run = await resolveRun(home, text);
    const { view, live } = await readRun(home, run);
    const { summary } = view;
    if (live) {
      if (summary.state !== 'paused')
        throw new CliError(
          exitCodes.badInput,
          `Run ${run} is live and not paused: there is nothing to resume. Watch it with: aira2 runs follow ${run}`,
        );
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
      const run = await resolveRun(home, text);
      const client = await connectToServer(home, { start: true });
      try {
        await follow(client, { home, run, json: options.json ?? false });
      } finally {
        await client.dispose();
      }
    });
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
    await client.request('run.resume', { run });
    if (isDetached)
      print(json, 'runs steer', { run, done: 'resumed' }, () => `Run ${run} goes on in the agent server.`);
    else await follow(client, { home, run, json });
  } finally {
    await client.dispose();
  }
}
