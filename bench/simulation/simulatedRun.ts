/**
 * One run whose model and workers only sleep; everything between them is the product: run host, search, agents, governor,
 * accounts, store, scorer, endpoint, JSON-RPC, leases, journals.
 */
import '../../server/heap.ts';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { RunHost } from '../../server/api/runHost.ts';
import { defaultGovernor, Governor } from '../../server/models/governor/governor.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { type LinearTask, venv } from '../../test/support/linearTask.ts';
import { HostedLauncher } from './hostedLauncher.ts';
import { sleepingModel } from './sleepingModel.ts';
import type { Moment } from './sleepingRunner.ts';

export interface SimulatedRunOptions {
  slots: number;
  agentsPerSlot: number;
  modelMs: number;
  evaluationMs: number;
  /** null: until `onScored` has had enough. */
  candidates: number | null;
  /** @returns whether the run is to be broken off, as by a shutdown; it can be opened again then */
  onScored?: (count: number) => boolean;
}

export interface SimulatedRun {
  run: string;
  startedAt: number;
  /** When each score was announced, and on which slot; in order. Milliseconds since the epoch. */
  scored: { id: number; slot: number; at: number }[];
  /** When workers were asked and done. */
  moments: Moment[];
  failed: number;
  /** CPU of the search, milliseconds: this process, and that of all workers. */
  serverCpuMs: number;
  workersCpuMs: number;
}

const now = () => performance.timeOrigin + performance.now();

export async function simulatedRun(toy: LinearTask, options: SimulatedRunOptions): Promise<SimulatedRun> {
  const { slots, agentsPerSlot, modelMs, evaluationMs, candidates } = options;
  const { task, home } = toy;
  const inputs = await readFile(join(task.publicDirectory, 'eval', 'inputs.csv'), 'utf8');
  const ids = inputs
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[0] ?? '');
  const run = `20260101-000000-linear-${randomBytes(2).toString('hex')}`;
  const store = await RunStore.create(home, run, {
    type: 'run_started',
    config: {
      task: 'linear',
      taskVersion: 1,
      model: 'simulated',
      workers: slots,
      agentsPerSlot,
      candidates,
      hours: candidates === null ? 24 : null,
      seed: 1,
      temperature: 0.2,
      crossover: 0.15,
      drafts: slots * agentsPerSlot,
      maxSteps: 10,
      search: 'evolution',
      operators: 'react',
      evaluation: 'hidden',
      sandbox: 'bwrap',
    },
    metric: { name: 'RMSE', direction: 'minimize' },
    splitHash: task.splitHash,
    scoringHash: task.scoringHash,
    caveats: [],
  });
  const slotOf = new Map<number, number>();
  const scored: SimulatedRun['scored'] = [];
  store.subscribe(store.view.lastSeq, ({ body }) => {
    if (body.type === 'candidate_started') slotOf.set(body.candidate.id, body.candidate.slot ?? -1);
    if (body.type === 'candidate_scored') scored.push({ id: body.id, slot: slotOf.get(body.id) ?? -1, at: now() });
  });
  const launcher = new HostedLauncher(evaluationMs, ids);
  try {
    const lanes = slots * agentsPerSlot;
    const host = await RunHost.start({
      store,
      task,
      model: sleepingModel(modelMs),
      venv,
      log: pino({ level: 'error' }, pino.destination(2)),
      // A quota that allows for all agents at once: what is measured is the engine.
      governor: new Governor({ ...defaultGovernor, concurrency: { initial: lanes, largest: Math.max(256, lanes) } }),
      launcher,
    });
    const before = process.cpuUsage();
    const startedAt = now();
    let serverCpuMs = 0;
    store.subscribe(store.view.lastSeq, ({ body }) => {
      if (body.type !== 'candidate_scored') return;
      const { user, system } = process.cpuUsage(before);
      serverCpuMs = (user + system) / 1000;
      if (options.onScored?.(scored.length) === true) host.search.interrupt('the bench has seen enough');
    });
    await host.run();
    const { moments, cpuMs } = await launcher.close();
    const { failed } = store.view.summary.counts;
    return { run, startedAt, scored, moments, failed, serverCpuMs, workersCpuMs: cpuMs };
  } finally {
    await launcher.close().catch(() => undefined);
    await store.close();
  }
}
