/** The machine and the models: what there is, whether it works, and what is missing. */
import { availableParallelism } from 'node:os';
import type { MachineFacts } from '../../../protocol/clientViews.ts';
import { examineMachine } from '../../api/doctor.ts';
import { environmentPlaces } from '../../api/pythonEnvironment.ts';
import { RefusedError } from '../../api/refusal.ts';
import { installedSandboxes } from '../../api/sandboxChoice.ts';
import { gpuInventory } from '../../gpu/nvidiaSmi.ts';
import { ChatModelError } from '../../models/chatModel.ts';
import { testConnection } from '../../models/connectionTest.ts';
import { programFile } from '../../programFiles.ts';
import { ensureVenv } from '../../setup/python.ts';
import { SetupError } from '../../setup/step.ts';
import type { Methods } from '../methods.ts';
import { participant } from '../participant.ts';
import { refusalOf } from '../refusals.ts';
import type { ServerParts } from '../server.ts';

type MachineMethods = Pick<
  Methods,
  'machine.get' | 'machine.doctor' | 'environment.setUp' | 'keys.set' | 'model.test' | 'models.offer' | 'models.offered'
>;

export function machineMethods(server: ServerParts): MachineMethods {
  const { home, keys, offers, operations, hosting, venv, modelOf, log } = server;
  /** Two at once would be in each other's way. */
  let settingUp: Promise<unknown> = Promise.resolve();
  return {
    'machine.get': () => machineFacts(server),
    'machine.doctor': ({ model: id }) =>
      examineMachine({
        home,
        environment: keys.environment(),
        ...(id === undefined ? {} : { model: { id, create: () => modelOf(id) } }),
      }),
    'environment.setUp': ({ operation }, context) =>
      operations.run('environment.setUp', operation, participant(operation, context), async (say, signal) => {
        const before = settingUp;
        const done = before.then(async () => {
          // What is there is the person's own, and is left as it is.
          const place = environmentPlaces(home, keys.environment()).at(-1);
          if (place !== undefined && pythonProblem(venv) !== null) await setUp(place, say, signal);
        });
        settingUp = done.catch(() => undefined);
        await done;
        hosting.retryWaiting();
        return machineFacts(server);
      }),
    'keys.set': ({ provider, key }) => {
      keys.set(provider, key);
      log.info({ provider }, key === null ? 'a key was taken back' : 'a key was handed over');
      if (key !== null) hosting.retryWaiting();
      return {};
    },
    'model.test': async ({ model }, { signal }) => {
      const began = performance.now();
      try {
        const report = await testConnection(modelOf(model), { signal });
        const durationMs = performance.now() - began;
        if (report === null) return { ok: true, model, detail: 'built in: nothing to connect to', durationMs };
        const long = report.longPromptTokens === null ? '' : `, and read ${report.longPromptTokens} tokens whole`;
        return { ok: true, model: report.model, detail: `answered and called a tool${long}`, durationMs };
      } catch (error) {
        if (error instanceof ChatModelError) return { ok: false, kind: error.kind, message: error.message };
        const refusal = refusalOf(error);
        if (refusal === null) throw error;
        return { ok: false, kind: refusal.kind, message: refusal.message };
      }
    },
    'models.offer': ({ models }, { session }) => {
      offers.offer(session, models);
      return {};
    },
    'models.offered': () => ({ models: offers.models() }),
  };
}

async function machineFacts({ keys, venv }: ServerParts): Promise<MachineFacts> {
  const { gpus } = await gpuInventory();
  return {
    cpus: availableParallelism(),
    gpus,
    sandboxes: installedSandboxes(),
    pythonProblem: pythonProblem(venv),
    keyVariables: keys.names(),
  };
}

function pythonProblem(venv: () => string): string | null {
  try {
    venv();
    return null;
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}

async function setUp(venv: string, say: (step: string) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await ensureVenv(venv, programFile('requirements.txt'), say, signal);
  } catch (error) {
    if (error instanceof SetupError) throw new RefusedError('environment', error.message);
    throw error;
  }
}
