/** A run that takes every server down with it: the servers after it take it up a few times, then leave it alone and stay. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { HostedList, maxTakeUps } from '../../server/daemon/hostedList.ts';
import { isRunning, TestServer, until } from '../support/agentServer.ts';
import { linearTask } from '../support/linearTask.ts';

let server: TestServer;

before(async () => {
  server = await TestServer.inNewHome();
  await linearTask({ home: server.home });
});
after(() => server?.[Symbol.asyncDispose]());

/** How often servers have begun to take the run up; -1 where none is to do so any more. */
async function takeUps(run: string): Promise<number> {
  const { runs } = JSON.parse(await readFile(server.paths.hosted, 'utf8'));
  const found = runs.find((one: { run: string }) => one.run === run);
  return found === undefined ? -1 : found.takenUpAt.length;
}

describe('a run that takes its server down with it', { timeout: 900_000 }, () => {
  it('is taken up a few times, then left alone, while its server stays and other runs go on; a person can still resume it', async () => {
    const task = join(server.home, 'source');
    const first = await server.client();
    const settings = { model: 'heuristic', workers: 1, drafts: 1, candidates: 5000, hours: 5 };
    const { run } = await first.request('run.start', { task, settings, operation: 'deadly' });
    await until('it to be on the list', async () => (await takeUps(run)) === 0);
    await first.dispose();
    await server.kill();
    for (let n = 1; n <= maxTakeUps; n += 1) {
      const { pid } = await server.start();
      await until(`take-up ${n}`, async () => (await takeUps(run)) === n || !isRunning(pid));
      assert.equal(await takeUps(run), n);
      // As early as a run can do harm, and once late: when it is live.
      if (n === maxTakeUps) {
        const client = await server.client();
        await until('it to be live', async () => (await client.request('server.get', {})).liveRuns.includes(run));
        await client.dispose();
      }
      await server.kill();
    }

    // A run that has done nothing wrong waits for the next server, too.
    const harmless = await HostedList.open(server.paths.hosted);
    await harmless.add('20260101-000000-linear-0000');
    const { pid } = await server.start();
    await until('it to be taken off the list', async () => (await takeUps(run)) === -1);
    const client = await server.client();
    assert.deepEqual((await client.request('server.get', {})).liveRuns, []);
    assert.equal((await client.request('run.get', { run })).state, 'interrupted');
    assert.match(await server.log(), /taken up again and again/);
    await until('the other one to have been tried', async () => (await takeUps('20260101-000000-linear-0000')) === -1);
    assert.ok(isRunning(pid), 'this server stays');
    const { run: next } = await client.request('run.start', { task, settings, operation: 'harmless' });
    await client.request('run.stop', { run: next, now: true });
    await until(
      'another run to end',
      async () => (await client.request('run.get', { run: next })).state === 'finished',
    );

    await client.request('run.resume', { run });
    assert.ok((await client.request('server.get', {})).liveRuns.includes(run));
    await client.request('run.stop', { run, now: true });
    await until('it to end', async () => (await client.request('run.get', { run })).state === 'finished');
    assert.equal((await server.discovery()).pid, pid);
  });
});
