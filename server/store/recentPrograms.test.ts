import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProgramFile } from '../../protocol/worker.ts';
import { RecentPrograms } from './recentPrograms.ts';

const program = (text: string): ProgramFile[] => [{ path: 'solution.py', contentBase64: text }];

describe('programs read lately', () => {
  it('are read once, until they are written anew', async () => {
    const recent = new RecentPrograms();
    let reads = 0;
    const read = async () => {
      reads += 1;
      return program(`text ${reads}`);
    };
    assert.deepEqual(await recent.get(1, read), program('text 1'));
    assert.deepEqual(await recent.get(1, read), program('text 1'));
    recent.forget(1);
    assert.deepEqual(await recent.get(1, read), program('text 2'));
  });

  it('are not kept when they were written while they were read', async () => {
    const recent = new RecentPrograms();
    const reading = Promise.withResolvers<ProgramFile[]>();
    const old = recent.get(1, () => reading.promise);
    recent.forget(1);
    reading.resolve(program('old'));
    await old;
    assert.deepEqual(await recent.get(1, async () => program('new')), program('new'));
  });

  it('give way to others when they take too much memory, those asked for longest ago first', async () => {
    const recent = new RecentPrograms(100);
    const again: number[] = [];
    const ask = (id: number) =>
      recent.get(id, async () => {
        again.push(id);
        return program('x'.repeat(29));
      });
    await ask(1);
    await ask(2);
    await ask(1);
    await ask(3);
    await ask(1);
    await ask(2);
    assert.deepEqual(again, [1, 2, 3, 2]);
  });

  it('do not give whoever got one a hold on the next one’s', async () => {
    const recent = new RecentPrograms();
    const first = await recent.get(1, async () => program('text'));
    first.pop();
    assert.equal((await recent.get(1, async () => [])).length, 1);
  });
});
