/** `aira2 run <task>`: a search, from preparing the task to the selected program, in the agent server or in this process. */
import { Command, Option } from 'commander';
import type { RunSettings } from '../../../protocol/client.ts';
import { SandboxDriverName } from '../../../protocol/run.ts';
import { completeSettings, configFor, createRun, defaultCandidates, estimateFor, priceFor } from '../../api/newRun.ts';
import { pythonOf, virtualEnvironment } from '../../api/pythonEnvironment.ts';
import { onSandbox } from '../../api/sandboxChoice.ts';
import { testConnection } from '../../models/connectionTest.ts';
import { withServer } from '../../models/openai/settings.ts';
import { prepareTask } from '../../tasks/prepare.ts';
import { hostInForeground } from '../foreground.ts';
import { type HostingOptions, hostedWhere, withHosting } from '../hostingOptions.ts';
import { homeOf, logLevel } from '../machine.ts';
import { positive, share, whole } from '../numbers.ts';
import { withCommon } from '../options.ts';
import { note } from '../output.ts';
import {
  type SpendingOptions,
  spendingNote,
  spendingOptionNames,
  spendingSettings,
  withSpendingOptions,
} from '../spendingOptions.ts';
import { startInServer } from '../startInServer.ts';
import { type SwitchOptions, switchOptionNames, withSwitchOptions } from '../switchOptions.ts';
import { replayConfig, type TapeOptions, usingTape } from '../tape.ts';

interface RunOptions extends HostingOptions, TapeOptions, SpendingOptions, SwitchOptions {
  model: string;
  workers?: number;
  agentsPerSlot: number;
  candidates?: number;
  hours?: number;
  seed: number;
  temperature: number;
  crossover: number;
  drafts?: number;
  maxSteps: number;
  sandbox?: SandboxDriverName;
  image?: string;
}

export function runCommand(): Command {
  const command = withCommon(new Command('run'))
    .description(
      'Search for a better program on a task, with live progress, until its candidates are made or its time or budget is used up.',
    )
    .argument('<task>', 'a built-in task (aira2 task list), or the path of a task.yaml or its folder')
    .option(
      '--model <model>',
      'gemini:<name>, openai:<name> or openai:<name>@<url>, in the agent server also vscode:<id>, or heuristic: the built-in researcher that needs no key',
      'heuristic',
    )
    .option(
      '--workers <n>',
      'worker slots, 1:1 with GPUs (default: as many as GPUs; without GPUs 2, on a single CPU 1)',
      whole(1, 256),
    )
    .option('--agents-per-slot <n>', 'agents that take turns on each slot; 1 is the mode of the paper', whole(1, 16), 1)
    .option(
      '--candidates <n>',
      `candidates to make (default: ${defaultCandidates}, or no bound with --hours, --cost, --tokens or --gpu-hours)`,
      whole(1, 1_000_000),
    )
    .option('--hours <h>', 'wall-clock budget of the search; pauses do not count', positive)
    .option('--seed <n>', 'seed of all draws of the search', whole(0, 2 ** 31 - 1), 1)
    .option('--temperature <t>', 'rank selection: towards 0 greedy, higher more diverse', positive, 0.2)
    .option('--crossover <p>', 'probability of combining two parents', share, 0.15)
    .option(
      '--drafts <n>',
      'candidates that start from nothing (default: 4, or the number of agents if that is more)',
      whole(1, 10_000),
    )
    .option('--max-steps <n>', 'steps of one agent', whole(2, 10_000), 60)
    .addOption(
      new Option(
        '--sandbox <driver>',
        'what isolates programs; "none" isolates nothing and marks the run (default: bwrap where it is installed, else the first of apptainer, podman, docker that is)',
      ).choices(SandboxDriverName.options),
    )
    .option('--image <image>', 'sandboxes show this image, with its own Python; podman, docker and apptainer have them')
    .option('--record <folder>', 'keep every exchange with the model and every candidate there, to be replayed')
    .addOption(
      new Option('--replay <folder>', 'make the run recorded there again, without asking a model').conflicts([
        'record',
        ...['model', 'candidates', 'hours', 'seed', 'temperature', 'crossover', 'drafts', 'maxSteps'],
        ...spendingOptionNames,
        ...switchOptionNames,
      ]),
    )
    .addHelpText(
      'after',
      `
On a terminal the run lives in the agent server, and Ctrl-C only stops watching it: aira2 runs follow last. In scripts, and with --foreground,
it lives in this process: Ctrl-C leaves it as it is, to be taken up with: aira2 runs resume last
From another terminal: aira2 runs stop last, aira2 fork last <candidate>, aira2 submit last <folder>.`,
    )
    .action(async (task: string, options: RunOptions) => startRun(task, options));
  return withHosting(withSwitchOptions(withSpendingOptions(command)), ['record', 'replay']);
}

async function startRun(reference: string, options: RunOptions): Promise<void> {
  const home = homeOf(options);
  const where = hostedWhere(options, options.record !== undefined || options.replay !== undefined);
  if (where !== 'here') {
    const { model, image } = options;
    const settings = { ...settingsOf(options), model, ...(image === undefined ? {} : { image }) };
    const isDetached = where === 'detached';
    return startInServer({ home, task: reference, settings, json: options.json ?? false, isDetached });
  }
  const venv = virtualEnvironment(home);
  const level = logLevel();
  await usingTape(options, { home, isNew: true, replayOf: null }, async (tape) => {
    const model = tape.createModel(tape.replay === null ? options.model : withServer(tape.replay.head.config.model));
    const { info } = model;
    const wanted = settingsOf(options);
    const price = await priceFor(home, info, wanted.budget);
    const settings = await completeSettings(wanted, info, price);
    if (tape.replay === null) await testConnection(model, { signal: new AbortController().signal });
    const task = await prepareTask({ home, reference, python: pythonOf(venv), log: note });
    const chosen =
      tape.replay === null
        ? configFor(task, settings)
        : replayConfig(tape.replay, task, { ...options, sandbox: settings.sandbox });
    const config = await onSandbox(chosen, task, options.image, venv);
    const estimate = estimateFor(info, config, price);
    if (estimate !== null && tape.replay === null) note(spendingNote(info.id, price, estimate, home));
    const store = await createRun(home, task, { info, config, price });
    await tape.begin(store);
    await hostInForeground({
      store,
      task,
      model,
      price,
      venv,
      json: options.json ?? false,
      logLevel: level,
      replay: tape.replay,
    });
    await tape.check(store);
  });
}

/** What was typed; the rest is completed from model and machine. */
function settingsOf(options: RunOptions): RunSettings {
  const { workers, candidates, hours, drafts, sandbox } = options;
  const { agentsPerSlot, seed, temperature, crossover, maxSteps, search, operators, evaluation } = options;
  return {
    agentsPerSlot,
    seed,
    temperature,
    crossover,
    maxSteps,
    search,
    operators,
    evaluation,
    ...(workers === undefined ? {} : { workers }),
    ...(candidates === undefined ? {} : { candidates }),
    ...(hours === undefined ? {} : { hours }),
    ...(drafts === undefined ? {} : { drafts }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...spendingSettings(options),
  };
}
