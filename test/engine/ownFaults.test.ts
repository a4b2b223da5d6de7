/** A run that a fault of ours ends says so, to whoever looks at it later. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import pino from 'pino';
import { RunHost } from '../../server/api/runHost.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { scriptedModel } from '../support/scriptedModel.ts';

const log = pino({ level: 'silent' });
const limits = { timeout: 120_000 };

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

function newRun(name: string): Promise<RunStore> {
  const { splitHash, scoringHash } = toy.task;
  return RunStore.create(toy.home, `20260105-000000-linear-${name}`, {
    ...runStarted({ task: 'linear', candidates: 2, workers: 1 }),
    metric: { name: 'RMSE', direction: 'minimize' },
    splitHash,
    scoringHash,
  });
}

it('says why, where a part of its host does not start', limits, async () => {
  const store = await newRun('f001');
  const model = scriptedModel({ program: () => '' });
  await assert.rejects(RunHost.start({ store, task: toy.task, model, venv: '/nonexistent', log }));
  assert.equal(store.view.summary.state, 'interrupted');
  assert.match(store.view.summary.interruption ?? '', /nonexistent/);
  await store.close();
});

it('says why, where the search itself fails', limits, async () => {
  const store = await newRun('f002');
  const broken = scriptedModel({
    program: () => {
      throw new TypeError('no such thing as a program');
    },
  });
  const host = await RunHost.start({ store, task: toy.task, model: broken, venv, log });
  await assert.rejects(host.run(), /no such thing/);
  assert.equal(store.view.summary.state, 'interrupted');
  assert.match(store.view.summary.interruption ?? '', /internal error: no such thing as a program/);
  await store.close();
});
