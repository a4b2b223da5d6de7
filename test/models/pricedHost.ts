/**
 * Hosts a run on the linear task with a priced model in a process of its own, so that tests can kill it: `node pricedHost.ts
 * <home> <run> <model> <candidates>`. Makes the run if it is not there, takes it up if it is. Exits 0 when it has finished.
 */
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import type { Price } from '../../protocol/cost.ts';
import { RunHost } from '../../server/api/runHost.ts';
import { createModel } from '../../server/models/registry.ts';
import { listRunIds, RunStore } from '../../server/store/runStore.ts';
import { loadPreparedTask } from '../../server/tasks/catalog.ts';
import { runStarted } from '../support/candidates.ts';
import { venv } from '../support/linearTask.ts';

export const pricedHostProgram = fileURLToPath(import.meta.url);

/** Dollars a token rather than a million of them, so that sums of small runs can be told apart. */
export const testPrice: Price = {
  tiers: [{ abovePromptTokens: 0, input: 1000, cachedInput: 100, output: 5000 }],
  source: 'test',
  asOf: '2026-01-01',
};

async function main(home: string, run: string, model: string, candidates: number): Promise<void> {
  const isNew = !(await listRunIds(home)).includes(run);
  const store = isNew
    ? await RunStore.create(home, run, {
        ...runStarted({ task: 'linear', model, candidates, workers: 2, agentsPerSlot: 2, drafts: 4 }),
        metric: { name: 'RMSE', direction: 'minimize' },
      })
    : await RunStore.open(home, run);
  if (!isNew) await store.append({ type: 'run_resumed', pid: process.pid });
  const host = await RunHost.start({
    store,
    task: loadPreparedTask(home, 'linear'),
    venv,
    log: pino({ level: 'warn' }, pino.destination({ dest: store.paths.log, sync: true })),
    model: createModel(model, {}),
    price: testPrice,
  });
  const end = await host.run();
  await store.close();
  process.exitCode = end.kind === 'finished' ? 0 : 3;
}

if (process.argv[1] === pricedHostProgram) {
  const [home = '', run = '', model = '', candidates = '8'] = process.argv.slice(2);
  await main(home, run, model, Number(candidates));
}
