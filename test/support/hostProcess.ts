/**
 * Hosts a run on the linear task in a process of its own, so that tests can kill it: `node hostProcess.ts <home> <run>
 * <candidates> [<seconds of an agent's first call>]`. Makes the run if it is not there, takes it up if it is. Exits 0 when the
 * run has finished.
 */
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { RunHost } from '../../server/api/runHost.ts';
import { listRunIds, RunStore } from '../../server/store/runStore.ts';
import { loadPreparedTask } from '../../server/tasks/catalog.ts';
import { runStarted } from './candidates.ts';
import { venv } from './linearTask.ts';
import { linearProgram, scriptedModel } from './scriptedModel.ts';

export const hostProgram = fileURLToPath(import.meta.url);

async function main(home: string, run: string, candidates: number, firstCallS: number): Promise<void> {
  const isNew = !(await listRunIds(home)).includes(run);
  const store = isNew
    ? await RunStore.create(home, run, {
        ...runStarted({ task: 'linear', candidates, workers: 2, drafts: 2 }),
        metric: { name: 'RMSE', direction: 'minimize' },
      })
    : await RunStore.open(home, run);
  if (!isNew) await store.append({ type: 'run_resumed', pid: process.pid });
  const host = await RunHost.start({
    store,
    task: loadPreparedTask(home, 'linear'),
    venv,
    log: pino({ level: 'warn' }, pino.destination({ dest: store.paths.log, sync: true })),
    model: scriptedModel({
      before: () => `sleep ${firstCallS}; echo looked around`,
      program: ({ seed }) => `import time; time.sleep(0.3)\n${linearProgram(2 + (seed % 100) / 50)}`,
    }),
  });
  const end = await host.run();
  await store.close();
  process.exitCode = end.kind === 'finished' ? 0 : 3;
}

if (process.argv[1] === hostProgram) {
  const [home = '', run = '', candidates = '8', firstCallS = '0.2'] = process.argv.slice(2);
  await main(home, run, Number(candidates), Number(firstCallS));
}
