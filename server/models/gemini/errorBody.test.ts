import assert from 'node:assert/strict';
import test from 'node:test';
import { googleErrorIn, retryAfterMs } from './errorBody.ts';

const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '45.837906927s' }];
const body = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded.', details } };

test('an error is found however deep it is wrapped', () => {
  const direct = JSON.stringify(body);
  const nested = JSON.stringify({ error: { message: direct, code: 429, status: 'Too Many Requests' } });
  const inStream = `got status: RESOURCE_EXHAUSTED. ${direct}`;
  const all = JSON.stringify({ error: { message: inStream, code: 200, status: '' } });
  for (const text of [direct, nested, inStream, all, `[${direct}]`]) {
    const error = googleErrorIn(text);
    assert.equal(error.code, 429, text);
    assert.equal(error.status, 'RESOURCE_EXHAUSTED');
    assert.equal(error.message, 'Quota exceeded.');
    assert.equal(retryAfterMs(error), 45_838);
  }
});

test("a gateway's page becomes its title", () => {
  const page = '<html><head><title>503 Service\n Unavailable</title></head><body>{"no": json}</body></html>';
  const wrapped = JSON.stringify({ error: { message: page, code: 503, status: 'Service Unavailable' } });
  const error = googleErrorIn(wrapped);
  assert.equal(error.message, '503 Service Unavailable');
  assert.equal(error.code, 503);
});

test('a delay in words counts where no detail says it', () => {
  const said = { code: 429, status: null, message: 'Please retry in 7.5s.', details: [] };
  assert.equal(retryAfterMs(said), 7500);
  assert.equal(retryAfterMs({ ...said, message: 'Please retry later.' }), null);
});

test('text nested without end is cut off instead of followed', () => {
  let text = 'the bottom';
  for (let depth = 0; depth < 12; depth += 1) text = JSON.stringify({ error: { message: text, code: 500 } });
  assert.equal(googleErrorIn(text).code, 500);
});
