import assert from 'node:assert/strict';
import test from 'node:test';
import { redactedError, redactor } from './redaction.ts';

const secret = 'q+7/s3cret=key&more';

test('a secret is hidden as it is, in a URL, in JSON and in base64', () => {
  const redact = redactor([secret]);
  const said = `key ${secret}; ?key=${encodeURIComponent(secret)}; ${JSON.stringify({ secret })}; ${btoa(secret)}`;
  const redacted = redact(said);
  for (const form of [secret, encodeURIComponent(secret), btoa(secret)]) assert.ok(!redacted.includes(form), redacted);
  assert.equal(redacted.split('[secret]').length, 5);
});

test("another one's Google key is hidden by its form, and short values are left alone", () => {
  const redact = redactor(['', 'ok', 'a']);
  assert.equal(redact('ok, a key: AIzaSyA1234567890abcdefghijklmnopqrstuv.'), 'ok, a key: [secret].');
});

test('the longer of two overlapping secrets is hidden whole', () => {
  assert.equal(redactor(['abcdef', 'abcdefghij'])('abcdefghij'), '[secret]');
});

test("an error's message and stack are both redacted, and its cause is not carried along", () => {
  const copy = redactedError(new TypeError(`bad ${secret}`, { cause: new Error(secret) }), redactor([secret]));
  assert.equal(copy.name, 'TypeError');
  assert.equal(copy.message, 'bad [secret]');
  assert.ok(!copy.stack?.includes(secret));
  assert.equal(copy.cause, undefined);
});
