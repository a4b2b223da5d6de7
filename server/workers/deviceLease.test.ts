import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeviceLease } from './deviceLease.ts';
import { Silence } from './silence.ts';

describe('the device lease', () => {
  it('has one holder at a time, evaluations first, each in the order of asking', async () => {
    const lease = new DeviceLease();
    const order: string[] = [];
    let holders = 0;
    const work = (name: string) => async () => {
      holders += 1;
      assert.equal(holders, 1);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      return name;
    };
    const results = await Promise.all([
      lease.hold(work('tool 1'), 'tool'),
      lease.hold(work('tool 2'), 'tool'),
      lease.hold(work('evaluation 1'), 'evaluation'),
      lease.hold(work('tool 3'), 'tool'),
      lease.hold(work('evaluation 2'), 'evaluation'),
    ]);
    assert.deepEqual(order, ['tool 1', 'evaluation 1', 'evaluation 2', 'tool 2', 'tool 3']);
    assert.deepEqual(results, ['tool 1', 'tool 2', 'evaluation 1', 'tool 3', 'evaluation 2']);
  });

  it('goes on to the next when the holder fails or a waiter gives up', async () => {
    const lease = new DeviceLease();
    const abort = new AbortController();
    let release = () => undefined as undefined;
    const first = lease.hold(
      () =>
        new Promise<never>((_, reject) => {
          release = () => {
            reject(new Error('crashed'));
            return undefined;
          };
        }),
      'tool',
    );
    const second = lease.hold(() => Promise.resolve('never'), 'evaluation', abort.signal);
    const third = lease.hold(() => Promise.resolve('third'), 'tool');
    assert.equal(lease.waiting, 2);
    abort.abort(new Error('gave up'));
    await assert.rejects(second, /gave up/);
    release();
    await assert.rejects(first, /crashed/);
    assert.equal(await third, 'third');
    assert.equal(await lease.hold(() => Promise.resolve('later'), 'tool'), 'later');
    await assert.rejects(
      lease.hold(() => Promise.resolve('never'), 'tool', abort.signal),
      /gave up/,
    );
  });
});

describe('silence', () => {
  it('does not count the time during which this process stood still', () => {
    let now = 0;
    const silence = new Silence(5000, () => now);
    for (; now < 20_000; now += 1000) {
      silence.look();
    }
    assert.equal(silence.look(), 20_000);
    now += 3_600_000; // The machine slept for an hour.
    assert.equal(silence.look(), 25_000);
    silence.end();
    now += 1000;
    assert.equal(silence.look(), 1000);
  });
});
