import assert from 'node:assert/strict';
import test from 'node:test';
import { withItsServer } from './keys.ts';

const url = 'http://gateway.test/v1';

test("a key goes to the server of the terminal that it is from, not to the one in the agent server's variables", () => {
  assert.equal(
    withItsServer('openai:coder', { OPENAI_BASE_URL: ` ${url} `, OPENAI_API_KEY: 'k' }),
    `openai:coder@${url}`,
  );
  assert.equal(withItsServer('openai:coder', { OPENAI_API_KEY: 'k' }), 'openai:coder@https://api.openai.com/v1');
  assert.equal(
    withItsServer('openai:coder', { OPENAI_BASE_URL: ' ' }),
    'openai:coder',
    'there is nothing to hand over',
  );
});

test('a name that tells its server, tells one without a scheme, or is of another provider stays as it is typed', () => {
  const environment = { OPENAI_BASE_URL: url, OPENAI_API_KEY: 'k' };
  for (const model of [
    'openai:a@http://localhost:8000/v1',
    'openai:a@localhost:8000',
    'openai:',
    'gemini:a',
    'heuristic',
  ])
    assert.equal(withItsServer(model, environment), model);
});
