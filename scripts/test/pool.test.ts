import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inParallel } from './pool.ts';

/** Runs named jobs that end one by one, the one that began first at first. @returns what ran beside each when it began */
async function besideEach(
  items: string[],
  width: number,
  mayStart?: (item: string, beside: readonly string[]) => boolean,
) {
  const began: string[] = [];
  const running = new Map<string, () => void>();
  const job = (item: string) => {
    began.push([item, ...running.keys()].join(' beside '));
    const { promise, resolve } = Promise.withResolvers<string>();
    running.set(item, () => resolve(item));
    setImmediate(() => {
      const [first] = running;
      if (first === undefined) return;
      running.delete(first[0]);
      first[1]();
    });
    return promise;
  };
  const results: string[] = [];
  for await (const result of inParallel(items, width, job, mayStart)) results.push(result);
  assert.deepEqual(results.toSorted(), items.toSorted());
  return began;
}

describe('a pool of jobs', () => {
  it('keeps as many under way as it is wide', async () => {
    assert.deepEqual(await besideEach(['a', 'b', 'c'], 2), ['a', 'b beside a', 'c beside b']);
  });

  it('lets others go first where two must not run together', async () => {
    const oneLarge = (item: string, beside: readonly string[]) =>
      !item.startsWith('L') || !beside.some((other) => other.startsWith('L'));
    assert.deepEqual(await besideEach(['L1', 'L2', 'a', 'b'], 2, oneLarge), [
      'L1',
      'a beside L1',
      'L2 beside a',
      'b beside L2',
    ]);
  });

  it('runs one by one what may run beside nothing', async () => {
    assert.deepEqual(await besideEach(['a', 'b'], 2, () => false), ['a', 'b']);
  });

  it('ends at once without jobs', async () => {
    assert.deepEqual(await besideEach([], 2), []);
  });
});
