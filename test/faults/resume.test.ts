/** kill -9 of the server or of a worker in mid-run: nothing that was announced is lost or doubled, and the run ends. */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { RunEvent } from '../../protocol/run.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { readRun } from '../../server/store/runStore.ts';
import { until } from '../support/agentServer.ts';
import { hostProgram } from '../support/hostProcess.ts';
import { type LinearTask, linearTask } from '../support/linearTask.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

const candidates = 8;

function startHost(run: string) {
  return execa(process.execPath, [hostProgram, toy.home, run, String(candidates)], { reject: false, timeout: 120_000 });
}

const eventsOf = (run: string) => JsonlLog.read(join(toy.home, 'runs', run, 'events.jsonl'), RunEvent);

const scoredIn = async (run: string) =>
  (await eventsOf(run)).filter((event) => event.body.type === 'candidate_scored').length;

/** Process ids of this run's workers, by the folder they work in. */
async function workersOf(run: string): Promise<number[]> {
  const folder = join(toy.home, 'runs', run);
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const directory = readlinkSync(`/proc/${name}/cwd`);
      if (command.includes('worker/main.ts') && directory.startsWith(folder)) found.push(Number(name));
    } catch {
      // The process ended while we looked.
    }
  }
  return found;
}

/** What must hold of a run at its end, whatever was killed on the way. */
async function assertWhole(run: string, announced: RunEvent[]): Promise<void> {
  const { view } = await readRun(toy.home, run);
  const events = await eventsOf(run);
  assert.deepEqual(events.slice(0, announced.length), announced, 'what was announced is still there, unchanged');
  assert.equal(view.summary.state, 'finished');
  assert.equal(view.summary.counts.scored, candidates);
  assert.equal(view.summary.counts.abandoned + view.summary.counts.failed, 0);
  for (const type of ['candidate_started', 'candidate_submitted', 'candidate_scored'] as const) {
    const ids = events.flatMap(({ body }) =>
      body.type !== type ? [] : [body.type === 'candidate_started' ? body.candidate.id : body.id],
    );
    assert.equal(new Set(ids).size, ids.length, `no candidate has two ${type}`);
    assert.equal(ids.length, candidates);
  }
  assert.ok(view.summary.selected !== null);
  for (const id of view.candidates.keys()) {
    const document = JSON.parse(await readFile(join(toy.home, 'runs', run, 'candidates', `${id}.json`), 'utf8'));
    assert.equal(document.state, 'scored');
  }
  await until('all workers of the run are gone', async () => (await workersOf(run)).length === 0);
}

describe('kill -9', { timeout: 300_000 }, () => {
  it('of the server in mid-run: resumed, the run ends whole', async () => {
    const run = '20260102-000000-linear-b001';
    const first = startHost(run);
    await until('two scored candidates', async () => (await scoredIn(run)) >= 2);
    first.kill('SIGKILL');
    await first;
    const announced = await eventsOf(run);
    assert.equal((await readRun(toy.home, run)).view.summary.state, 'interrupted');
    const second = await startHost(run);
    assert.equal(second.exitCode, 0, second.stderr);
    await assertWhole(run, announced);
  });

  it('of the server again and again, at other moments each time', async () => {
    const run = '20260102-000000-linear-b002';
    let announced: RunEvent[] = [];
    for (const moment of [700, 1500, 1100, 2300]) {
      const host = startHost(run);
      await sleep(moment);
      host.kill('SIGKILL');
      await host;
      const now = await eventsOf(run);
      assert.deepEqual(now.slice(0, announced.length), announced);
      announced = now;
    }
    const last = await startHost(run);
    assert.equal(last.exitCode, 0, last.stderr);
    await assertWhole(run, announced);
  });

  it('of a worker in mid-run: its slot is filled again, and its work is put back once', async () => {
    const run = '20260102-000000-linear-b003';
    const host = startHost(run);
    await until('a scored candidate', async () => (await scoredIn(run)) >= 1);
    const [victim] = await workersOf(run);
    assert.ok(victim !== undefined, 'a worker is running');
    process.kill(victim, 'SIGKILL');
    const announced = await eventsOf(run);
    const end = await host;
    assert.equal(end.exitCode, 0, end.stderr);
    await assertWhole(run, announced);
  });

  it('of server and workers together', async () => {
    const run = '20260102-000000-linear-b004';
    const host = startHost(run);
    await until('a scored candidate', async () => (await scoredIn(run)) >= 1);
    for (const pid of await workersOf(run)) process.kill(pid, 'SIGKILL');
    host.kill('SIGKILL');
    await host;
    const announced = await eventsOf(run);
    const second = await startHost(run);
    assert.equal(second.exitCode, 0, second.stderr);
    await assertWhole(run, announced);
  });
});
