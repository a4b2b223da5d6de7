/** A server that hands over leaves nothing behind that is only half taken up: the next one finds every run ready to be taken up. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import pino from 'pino';
import { HostedList } from '../../server/daemon/hostedList.ts';
import { Hosting } from '../../server/daemon/hosting.ts';
import { createModel } from '../../server/models/registry.ts';
import { RunStore, readRun } from '../../server/store/runStore.ts';
import { endWorkers } from '../../server/workers/endWorkers.ts';
import { runStarted } from '../support/candidates.ts';
import { linearTask, venv } from '../support/linearTask.ts';

test('a run that is just being taken up is handed over, too', { timeout: 120_000 }, async () => {
  await using toy = await linearTask();
  const id = '20260104-000000-linear-d020';
  const { splitHash, scoringHash } = toy.task;
  const store = await RunStore.create(toy.home, id, {
    ...runStarted({ task: 'linear', workers: 1 }),
    metric: { name: 'RMSE', direction: 'minimize' },
    splitHash,
    scoringHash,
  });
  await store.close();
  const list = await HostedList.open(join(toy.home, 'hosted.json'));
  const hosting = new Hosting({
    home: toy.home,
    venv: () => venv,
    modelOf: (name) => createModel(name, {}),
    door: () => ({ url: 'ws+unix:///nowhere', token: 'none' }),
    list,
    log: pino({ level: 'silent' }),
    onEvent: () => undefined,
    onActivity: () => undefined,
    onChange: () => undefined,
  });
  try {
    const takingUp = hosting.takeUp(id);
    await hosting.handOver('the server hands over');
    assert.deepEqual(hosting.live(), []);
    await takingUp;
    const { summary } = (await readRun(toy.home, id)).view;
    assert.deepEqual([summary.state, summary.interruption], ['interrupted', 'the server hands over']);
    assert.deepEqual(list.runs(), [id]);
  } finally {
    await endWorkers(store.paths.workers);
  }
});
