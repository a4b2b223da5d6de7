/** `aira2 run <task>`: a search in the foreground, from preparing the task to the selected program. */
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { Command, Option } from 'commander';
import type { Price } from '../../../protocol/cost.ts';
import { RunConfig, SandboxDriverName } from '../../../protocol/run.ts';
import type { RunSwitches } from '../../../protocol/runSwitches.ts';
import { assumedEstimate } from '../../analysis/costEstimate.ts';
import { initialCaveats } from '../../api/runHost.ts';
import { gpuInventory } from '../../gpu/nvidiaSmi.ts';
import type { ChatModel } from '../../models/chatModel.ts';
import { testConnection } from '../../models/connectionTest.ts';
import { RunStore } from '../../store/runStore.ts';
import { prepareTask } from '../../tasks/prepare.ts';
import type { PreparedTask } from '../../tasks/preparedTask.ts';
import { hostInForeground } from '../foreground.ts';
import { homeOf, logLevel, pythonOf, virtualEnvironment } from '../machine.ts';
import { positive, share, whole } from '../numbers.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { note } from '../output.ts';
import { onSandbox } from '../sandboxChoice.ts';
import {
  hasBound,
  priceFor,
  type SpendingOptions,
  spendingConfig,
  spendingNote,
  spendingOptionNames,
  withSpendingOptions,
} from '../spendingOptions.ts';
import { type SwitchOptions, switchConfig, switchOptionNames, withSwitchOptions } from '../switchOptions.ts';
import { replayConfig, type TapeOptions, usingTape } from '../tape.ts';

interface RunOptions extends CommonOptions, TapeOptions, SpendingOptions, SwitchOptions {
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
  sandbox: SandboxDriverName;
  image?: string;
}

const defaultCandidates = 24;

export function runCommand(): Command {
  const command = withCommon(new Command('run'))
    .description('Search for a better program on a task, with live progress, until candidates or hours are used up.')
    .argument('<task>', 'a built-in task (aira2 task list), or the path of a task.yaml or its folder')
    .option(
      '--model <model>',
      'gemini:<name>, openai:<name>@<url>, or heuristic: the built-in researcher that needs no key',
      'heuristic',
    )
    .option('--workers <n>', 'worker slots, 1:1 with GPUs (default: as many as GPUs; without GPUs 2)', whole(1, 256))
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
      new Option('--sandbox <driver>', 'what isolates programs; "none" isolates nothing and marks the run')
        .choices(SandboxDriverName.options)
        .default('bwrap'),
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
The run goes on in this terminal. Ctrl-C leaves it as it is, to be taken up with: aira2 runs resume last
From another terminal: aira2 runs stop last, aira2 fork last <candidate>, aira2 submit last <folder>.`,
    )
    .action(async (task: string, options: RunOptions) => startRun(task, options));
  return withSwitchOptions(withSpendingOptions(command));
}

async function startRun(reference: string, options: RunOptions): Promise<void> {
  const home = homeOf(options);
  const venv = virtualEnvironment();
  const level = logLevel();
  await usingTape(options, { home, isNew: true, replayOf: null }, async (tape) => {
    const model = tape.createModel(tape.replay?.head.config.model ?? options.model);
    const switches = switchConfig(options, model);
    const spending = await spendingConfig(options);
    const price = await priceFor(home, model, spending.budget);
    if (tape.replay === null) await testConnection(model, { signal: new AbortController().signal });
    const task = await prepareTask({ home, reference, python: pythonOf(venv), log: note });
    const settings =
      tape.replay === null
        ? await newConfig(task, model, options, { spending, price, switches })
        : replayConfig(tape.replay, task, options);
    const config = await onSandbox(settings, task, options.image, venv);
    const estimate = model.info.isLanguageModel ? assumedEstimate(config, price) : null;
    if (estimate !== null && tape.replay === null) note(spendingNote(model, price, estimate, home));
    const store = await RunStore.create(home, newRunId(task.manifest.id), {
      type: 'run_started',
      config,
      metric: { name: task.manifest.metric.name, direction: task.manifest.metric.direction },
      splitHash: task.splitHash,
      scoringHash: task.scoringHash,
      caveats: initialCaveats(model, config),
      price,
      ...(estimate === null ? {} : { estimate }),
    });
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

async function newConfig(
  { manifest }: PreparedTask,
  model: ChatModel,
  options: RunOptions,
  {
    spending,
    price,
    switches,
  }: { spending: Pick<RunConfig, 'budget' | 'rates'>; price: Price | null; switches: RunSwitches },
): Promise<RunConfig> {
  const workers = options.workers ?? (await defaultWorkers());
  return RunConfig.parse({
    task: manifest.id,
    taskVersion: manifest.version,
    model: model.info.id,
    workers,
    agentsPerSlot: options.agentsPerSlot,
    candidates:
      options.candidates ?? (options.hours === undefined && !hasBound(options, price) ? defaultCandidates : null),
    hours: options.hours ?? null,
    seed: options.seed,
    temperature: options.temperature,
    crossover: options.crossover,
    drafts: options.drafts ?? Math.max(4, workers * options.agentsPerSlot),
    maxSteps: options.maxSteps,
    sandbox: options.sandbox,
    ...switches,
    ...spending,
  });
}

/** Sorts by date, and says of what. */
function newRunId(task: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${stamp}-${task}-${randomBytes(2).toString('hex')}`;
}

/** A slot for each GPU; without GPUs two, or one on a single CPU. */
async function defaultWorkers(): Promise<number> {
  const { gpus } = await gpuInventory();
  return gpus.length > 0 ? gpus.length : Math.min(2, cpus().length);
}
