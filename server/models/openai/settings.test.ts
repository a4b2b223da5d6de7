import assert from 'node:assert/strict';
import test from 'node:test';
import { createModel } from '../registry.ts';
import { withServer } from './settings.ts';

const environment = { OPENAI_API_KEY: 'a key for nobody', OPENAI_BASE_URL: 'http://gateway.test' };

test('a model is known by its server where that is not OpenAI itself', () => {
  assert.equal(createModel('openai:coder', environment).info.id, 'openai:coder@http://gateway.test/v1');
  assert.equal(createModel('openai:coder', { OPENAI_API_KEY: 'k' }).info.id, 'openai:coder');
});

test('what a run has as its model leads to the same server under any variables', () => {
  for (const { id } of [
    createModel('openai:coder', environment).info,
    createModel('openai:coder', { OPENAI_API_KEY: 'k' }).info,
    createModel('heuristic', {}).info,
  ])
    for (const later of [environment, { OPENAI_API_KEY: 'k' }])
      assert.equal(createModel(withServer(id), later).info.id, id);
});
