/** A run that only its GPU-hours bound, resumed where no GPU is to be seen: it would never end, so it is not taken up. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pino from 'pino';
import { RefusedError } from '../../server/api/refusal.ts';
import { RunHost } from '../../server/api/runHost.ts';
import { steerStored } from '../../server/api/steering.ts';
import { openToGoOn } from '../../server/api/takeUp.ts';
import { HostedList } from '../../server/daemon/hostedList.ts';
import { Hosting } from '../../server/daemon/hosting.ts';
import { createModel } from '../../server/models/registry.ts';
import { RunStore, readRun } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';

const log = pino({ level: 'silent' });
const modelOf = (id: string) => createModel(id, {});
/** The task holds no GPU, which is as good as a machine that shows none. */
const refused =
  /bounded by its GPU-hours alone.*cannot be counted: task linear holds no GPU.*runs extend .* --hours <h>/;

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

async function runBoundedByGpus(id: string): Promise<void> {
  const { splitHash, scoringHash } = toy.task;
  const store = await RunStore.create(toy.home, id, {
    ...runStarted({ task: 'linear', candidates: null, hours: null, budget: { gpuHours: 2 } }),
    metric: { name: 'RMSE', direction: 'minimize' },
    splitHash,
    scoringHash,
  });
  await store.close();
}

const eventsOf = (id: string) => readFile(join(toy.home, 'runs', id, 'events.jsonl'), 'utf8');

describe('a run that only its GPU-hours bound', { timeout: 300_000 }, () => {
  it('is left as it was where it is resumed without a GPU, and goes on once it has another bound', async () => {
    const id = '20260104-000000-linear-d001';
    await runBoundedByGpus(id);
    const before = await eventsOf(id);
    await assert.rejects(
      openToGoOn(toy.home, id, { modelOf }),
      (error) => error instanceof RefusedError && error.kind === 'environment' && refused.test(error.message),
    );
    const { exitCode, stderr } = await aira2(['runs', 'resume', id, '--foreground'], {
      home: toy.home,
      environment: { AIRA2_VENV: venv },
      timeoutMs: 120_000,
    });
    assert.equal(exitCode, 4, stderr);
    assert.match(stderr, refused);
    assert.equal(await eventsOf(id), before);
    await steerStored({ home: toy.home, run: id, venv: () => venv, log: () => log }, async (steering) => {
      await steering.extend({ hours: 3 });
    });
    const { store } = await openToGoOn(toy.home, id, { modelOf });
    assert.ok((store.view.summary.config.hours ?? 0) >= 3);
    await store.close();
  });

  it('is shown as interrupted with the reason where the next server cannot take it up, said once', async () => {
    const id = '20260104-000000-linear-d002';
    await runBoundedByGpus(id);
    const list = await HostedList.open(join(toy.home, 'hosted.json'));
    await list.add(id);
    const changed: string[] = [];
    const hosting = new Hosting({
      home: toy.home,
      venv: () => venv,
      modelOf,
      door: () => ({ url: 'ws+unix:///nowhere', token: 'none' }),
      list,
      log,
      onEvent: () => undefined,
      onActivity: () => undefined,
      onChange: (run) => changed.push(run),
    });
    await hosting.takeUpAll();
    assert.deepEqual(hosting.live(), []);
    assert.ok(changed.includes(id));
    const { summary } = (await readRun(toy.home, id)).view;
    assert.equal(summary.state, 'interrupted');
    assert.match(summary.interruption ?? '', refused);
    assert.deepEqual(list.runs(), [id], 'the next server tries again');
    const told = await eventsOf(id);
    await hosting.takeUpAll();
    assert.equal(await eventsOf(id), told);
  });

  it('is interrupted with the reason where its GPU goes while it starts', async () => {
    const id = '20260104-000000-linear-d003';
    await runBoundedByGpus(id);
    const store = await RunStore.open(toy.home, id);
    const timing = { helloMs: 200_000 };
    const starting = RunHost.start({ store, task: toy.task, model: modelOf('heuristic'), venv, log, timing });
    try {
      await assert.rejects(starting, refused);
    } finally {
      await starting.then(
        (host) => host.close(),
        () => undefined,
      );
    }
    assert.match(store.view.summary.interruption ?? '', refused);
    await store.close();
  });
});
