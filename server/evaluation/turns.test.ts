import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('are had by no more than may at a time, in the order of asking, also when work fails', async () => {
    const turns = new Turns(3);
    const begun: number[] = [];
    let under = 0;
    let most = 0;
    const works = Array.from({ length: 20 }, (_, number) =>
      turns.take(async () => {
        begun.push(number);
        under += 1;
        most = Math.max(most, under);
        await sleep((number * 7) % 5);
        under -= 1;
        if (number % 4 === 0) throw new Error('failed');
        return number;
      }),
    );
    const ended = await Promise.allSettled(works);
    assert.equal(most, 3);
    assert.deepEqual(
      begun,
      Array.from({ length: 20 }, (_, number) => number),
    );
    assert.equal(ended.filter(({ status }) => status === 'rejected').length, 5);
    assert.equal(await turns.take(async () => 'free again'), 'free again');
  });
});
