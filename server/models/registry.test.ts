import assert from 'node:assert/strict';
import test from 'node:test';
import { createModel } from './registry.ts';

const environment = { GEMINI_API_KEY: 'a key for nobody' };

test('each name stands for its model', () => {
  assert.deepEqual(createModel('heuristic', {}).info.isLanguageModel, false);
  const gemini = createModel('gemini:gemini-3.1-pro-preview', environment).info;
  assert.equal(gemini.id, 'gemini:gemini-3.1-pro-preview');
  assert.equal(gemini.isLanguageModel, true);
});

test('a name that stands for none is refused with the choices', () => {
  for (const id of ['', 'gemini', 'gemini:', 'gpt:4', 'heuristic:2', 'gemini:../../etc', 'gemini:a b'])
    assert.throws(() => createModel(id, environment), {
      name: 'UnknownModelError',
      message: /heuristic.*gemini:<name>/,
    });
});

test('a missing key is named, with the model that needs none', () => {
  assert.throws(() => createModel('gemini:gemini-3.1-pro-preview', {}), {
    name: 'ChatModelError',
    kind: 'auth',
    message: /GEMINI_API_KEY.*GOOGLE_API_KEY.*heuristic/,
  });
});
