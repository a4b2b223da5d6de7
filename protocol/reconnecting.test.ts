import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReconnectingConnection } from './reconnecting.ts';

const anHour = 3_600_000;

/** Never gets anywhere, and would wait an hour before it tries again. */
function hopeless(attempt: (signal: AbortSignal) => Promise<void>): ReconnectingConnection {
  return new ReconnectingConnection({
    target: async (signal) => {
      await attempt(signal);
      throw new Error('nobody is there');
    },
    maxPayloadBytes: 1000,
    onConnected: async () => undefined,
    backoff: { firstMs: anHour, maxMs: anHour, factor: 1 },
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !condition(); await sleep(5))
    if (Date.now() > deadline) throw new Error('it never happened');
}

test('who does not want to wait for the next attempt gets it at once', async () => {
  let attempts = 0;
  const connection = hopeless(async () => {
    attempts += 1;
  });
  for (const count of [1, 2, 3]) {
    await until(() => attempts === count);
    // The attempt has failed a moment later: only a wait can be ended.
    await sleep(20);
    connection.drop();
  }
  await until(() => attempts === 4);
  await connection.stop();
});

test('a search for the server that takes long hears that it is not wanted any more, and is waited for', async () => {
  let ended = false;
  let isUnderWay = false;
  const connection = hopeless(async (signal) => {
    isUnderWay = true;
    await sleep(anHour, undefined, { signal }).catch(() => sleep(20));
    ended = true;
  });
  await until(() => isUnderWay);
  await connection.stop();
  assert.equal(ended, true);
});
