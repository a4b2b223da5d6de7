import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { HostedList, maxTakeUps, takeUpWindowMs } from './hostedList.ts';

const run = '20260101-000000-toy-a001';
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aira2-hosted-'));
  path = join(folder, 'runs.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the list of hosted runs', () => {
  it('survives its server, and forgets what was taken off', async () => {
    const list = await HostedList.open(path);
    await Promise.all([list.add(run), list.add('20260101-000000-toy-b002')]);
    await list.remove('20260101-000000-toy-b002');
    assert.deepEqual((await HostedList.open(path)).runs(), [run]);
  });

  it('stops taking up a run that takes every server down with it, until time has passed', async () => {
    await (await HostedList.open(path)).add(run);
    for (let n = 0; n < maxTakeUps; n += 1)
      assert.equal(await (await HostedList.open(path)).takesUp(run, 1000 + n), true, `time ${n + 1}`);
    assert.equal(await (await HostedList.open(path)).takesUp(run, 1100), false);
    assert.equal(await (await HostedList.open(path)).takesUp(run, 1100 + takeUpWindowMs), true);
  });

  it('does not count what came to nothing while its server lived', async () => {
    const list = await HostedList.open(path);
    await list.add(run);
    for (let n = 0; n < 3 * maxTakeUps; n += 1) {
      assert.equal(await list.takesUp(run, 1000 + n), true, `time ${n + 1}`);
      await list.survived(run);
    }
    await list.remove(run);
    await list.survived(run);
    assert.deepEqual((await HostedList.open(path)).runs(), []);
  });

  it('that cannot be understood counts as empty', async () => {
    await writeFile(path, '{"runs": "half a');
    assert.deepEqual((await HostedList.open(path)).runs(), []);
  });
});
