/** Planning and starting runs. */
import type { RunSettings } from '../../../protocol/client.ts';
import type { Price } from '../../../protocol/cost.ts';
import { completeSettings, configFor, createRun, defaultModel, estimateFor, priceFor } from '../../api/newRun.ts';
import { pythonOf } from '../../api/pythonEnvironment.ts';
import { RefusedError } from '../../api/refusal.ts';
import { noSandboxCaveat } from '../../api/runHost.ts';
import { onSandbox } from '../../api/sandboxChoice.ts';
import { type ChatModel, ChatModelError, type ModelInfo } from '../../models/chatModel.ts';
import { testConnection } from '../../models/connectionTest.ts';
import { editorModelId } from '../../models/vscode/index.ts';
import { prepareTask } from '../../tasks/prepare.ts';
import type { Methods } from '../methods.ts';
import { participant } from '../participant.ts';
import type { ServerParts } from '../server.ts';
import { foundTask, requireReference } from './tasks.ts';

type NewRunMethods = Pick<Methods, 'run.plan' | 'run.start'>;

export function newRunMethods(server: ServerParts): NewRunMethods {
  const { operations, requireOpen } = server;
  return {
    'run.plan': ({ task, settings }) => planned(server, task, settings),
    'run.start': ({ task, settings, operation }, context) =>
      operations.run('run.start', operation, participant(operation, context), async (say, signal) => {
        requireOpen();
        return { run: await started(server, task, settings, { say, signal }) };
      }),
  };
}

async function planned(server: ServerParts, reference: string, settings: RunSettings) {
  const { home, venv } = server;
  const { manifest, prepared } = foundTask(home, reference);
  const warnings: string[] = [];
  const info = infoOf(server, settings.model ?? defaultModel, warnings);
  const price = await known(home, info, settings, warnings);
  const complete = await completeSettings(settings, info, price);
  const { candidates, hours, ...others } = complete;
  const image = settings.image ?? manifest.run.image;
  if (prepared === null) warnings.push('The task is prepared first: its data is fetched and split.');
  if (complete.sandbox === 'none') warnings.push(noSandboxCaveat);
  if (!info.isLanguageModel) warnings.push(`Driven by the ${info.label}: no language model.`);
  try {
    venv();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    warnings.push(error.message);
  }
  return {
    settings: {
      ...others,
      ...(candidates === null ? {} : { candidates }),
      ...(hours === null ? {} : { hours }),
      ...(image === undefined ? {} : { image }),
      ...(settings.price === undefined ? {} : { price: settings.price }),
    },
    estimate: estimateFor(info, complete, price),
    price,
    modelLabel: info.label,
    warnings,
  };
}

/** A model whose key is missing can be planned with all the same. */
function infoOf({ modelOf, offers }: ServerParts, id: string, warnings: string[]): ModelInfo {
  try {
    const { info } = modelOf(id);
    const inEditor = editorModelId(id);
    if (inEditor !== null && offers.find(inEditor) === null)
      warnings.push(`No VS Code window that offers ${inEditor} is attached: the run waits for one.`);
    return info;
  } catch (error) {
    if (!(error instanceof ChatModelError && error.kind === 'auth')) throw error;
    warnings.push(error.message);
    return { id, label: id, isLanguageModel: true, contextTokens: null };
  }
}

async function known(
  home: string,
  info: ModelInfo,
  { budget, price: given }: RunSettings,
  warnings: string[],
): Promise<Price | null> {
  try {
    const price = await priceFor(home, info, budget, given);
    if (price === null) warnings.push(`${info.id} is unpriced: what the run costs is not shown and cannot be bounded.`);
    return price;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    warnings.push(error.message);
    return null;
  }
}

async function started(
  { home, hosting, modelOf, venv: environment }: ServerParts,
  reference: string,
  settings: RunSettings,
  { say, signal }: { say: (step: string) => void; signal: AbortSignal },
): Promise<string> {
  requireReference(reference);
  const venv = environment();
  const model = modelOf(settings.model ?? defaultModel);
  const { info } = model;
  const price = await priceFor(home, info, settings.budget, settings.price);
  const complete = await completeSettings(settings, info, price);
  await tryModel(model, say, signal);
  const task = await prepareTask({ home, reference, python: pythonOf(venv), log: say, signal });
  say(`trying the ${complete.sandbox} sandbox`);
  const config = await onSandbox(configFor(task, complete), task, settings.image, venv);
  signal.throwIfAborted();
  const store = await createRun(home, task, { info, config, price });
  say(`run ${store.id}: starting ${config.workers} worker${config.workers === 1 ? '' : 's'}`);
  const { id } = store;
  await hosting.begin(store, { task, model, price });
  return id;
}

async function tryModel(model: ChatModel, say: (step: string) => void, signal: AbortSignal): Promise<void> {
  if (!model.info.isLanguageModel) return;
  say(`trying ${model.info.label}`);
  await testConnection(model, { signal });
}
