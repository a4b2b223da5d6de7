import assert from 'node:assert/strict';
import test from 'node:test';
import { ChatModelError } from './chatModel.ts';
import { delayBeforeRetryMs, withRetries } from './retry.ts';

const busy = new ChatModelError('overloaded', 'busy');
const quick = { firstMs: 5, longestMs: 20 };
const never = new AbortController().signal;

test('waits double up to a bound, and jitter takes at most half away', () => {
  const waits = [0, 1, 2, 9].map((attempt) => delayBeforeRetryMs(busy, attempt, 1));
  assert.deepEqual(waits, [1000, 2000, 4000, 60_000]);
  assert.equal(delayBeforeRetryMs(busy, 2, 0), 2000);
});

test("the provider's own time is never undercut", () => {
  const told = new ChatModelError('rate_limit', 'slow down', { retryAfterMs: 45_838 });
  for (const random of [0, 0.99]) assert.ok(delayBeforeRetryMs(told, 0, random) > 45_838);
});

test('transient failures are tried again until one attempt succeeds', async () => {
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    if (attempts < 4) throw busy;
    return 'answer';
  };
  assert.equal(await withRetries(attempt, { signal: never, deadlineMs: 5000, backoff: quick }), 'answer');
  assert.equal(attempts, 4);
});

test('a failure that will not go away is not repeated', async () => {
  let attempts = 0;
  const refused = new ChatModelError('auth', 'no');
  const attempt = async () => {
    attempts += 1;
    throw refused;
  };
  await assert.rejects(withRetries(attempt, { signal: never, deadlineMs: 5000, backoff: quick }), refused);
  assert.equal(attempts, 1);
});

test('a wait that would end after the deadline is not begun', async () => {
  const late = new ChatModelError('rate_limit', 'later', { retryAfterMs: 60_000 });
  const began = performance.now();
  const failing = () => Promise.reject(late);
  await assert.rejects(withRetries(failing, { signal: never, deadlineMs: 1000 }), late);
  assert.ok(performance.now() - began < 10_000);
});

test('cancelling ends a wait at once', async () => {
  const controller = new AbortController();
  const waiting = withRetries(() => Promise.reject(busy), {
    signal: controller.signal,
    deadlineMs: 600_000,
    backoff: { firstMs: 60_000, longestMs: 60_000 },
    onRetry: () => setImmediate(() => controller.abort()),
  });
  await assert.rejects(waiting, { kind: 'aborted' });
});
