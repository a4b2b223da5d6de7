/** A run keeps the model server that it was started with, whatever the variables of the server that takes it up say. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openToGoOn } from '../../server/api/takeUp.ts';
import { createModel } from '../../server/models/registry.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { linearTask } from '../support/linearTask.ts';

const gateway = { OPENAI_API_KEY: 'a key for nobody', OPENAI_BASE_URL: 'http://gateway.test/v1' };

test('a run goes on with the model server that it had', { timeout: 300_000 }, async () => {
  await using toy = await linearTask();
  const { splitHash, scoringHash } = toy.task;
  const had = [{ OPENAI_API_KEY: 'a key for nobody' }, gateway];
  for (const [index, environment] of had.entries()) {
    const id = `20260104-000000-linear-d01${index}`;
    const { id: model } = createModel('openai:coder', environment).info;
    const started = { ...runStarted({ task: 'linear', model }), splitHash, scoringHash };
    await (await RunStore.create(toy.home, id, started)).close();
    for (const later of had) {
      const opened = await openToGoOn(toy.home, id, { modelOf: (name) => createModel(name, later) });
      assert.equal(opened.model.info.id, model);
      await opened.store.close();
    }
  }
});
