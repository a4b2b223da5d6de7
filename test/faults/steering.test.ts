/** kill -9 while a person's wishes are served: what was announced is not done again, and what was asked for is done. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { RunEvent } from '../../protocol/run.ts';
import { callRun } from '../../server/api/runDoor.ts';
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

const candidates = 6;

function startHost(run: string) {
  return execa(process.execPath, [hostProgram, toy.home, run, String(candidates)], { reject: false, timeout: 180_000 });
}

const eventsOf = (run: string) => JsonlLog.read(join(toy.home, 'runs', run, 'events.jsonl'), RunEvent);
const count = async (run: string, type: RunEvent['body']['type']) =>
  (await eventsOf(run)).filter(({ body }) => body.type === type).length;

describe('kill -9 of the server', { timeout: 400_000 }, () => {
  it('while it evaluates again: no announced evaluation is repeated, none that was asked for is missing', async () => {
    const run = '20260105-000000-linear-c001';
    const times = 6;
    let host = startHost(run);
    await until('a scored candidate', async () => (await count(run, 'candidate_scored')) >= 1);
    const scored = (await eventsOf(run)).find(({ body }) => body.type === 'candidate_scored')?.body;
    const candidate = scored?.type === 'candidate_scored' ? scored.id : 0;
    await callRun(toy.home, run, (peer) =>
      peer.request('candidate.reevaluate', { run, candidate, times, operation: 'again' }, { timeoutMs: 20_000 }),
    );
    let announced: RunEvent[] = [];
    for (const kills of [1, 2, 3]) {
      await until(`${kills} evaluations`, async () => (await count(run, 'candidate_reevaluated')) >= kills);
      host.kill('SIGKILL');
      await host;
      const now = await eventsOf(run);
      assert.deepEqual(now.slice(0, announced.length), announced);
      announced = now;
      host = startHost(run);
    }
    const end = await host;
    assert.equal(end.exitCode, 0, end.stderr);
    assert.deepEqual((await eventsOf(run)).slice(0, announced.length), announced);
    const { view, paths } = await readRun(toy.home, run);
    const one = view.candidates.get(candidate);
    const seeds = one?.repeats?.map(({ seed }) => seed) ?? [];
    assert.equal(seeds.length, times);
    assert.equal(new Set([one?.seed, ...seeds]).size, times + 1);
    // The same program, whose predictions do not depend on the seed: as good as the first time.
    assert.ok(one?.repeats?.every(({ search }) => search?.value === one.search?.value));
    assert.deepEqual([view.pending, view.dropped], [[], []]);
    const left = await readdir(join(paths.candidate(candidate).directory, 'repeats')).catch(() => []);
    assert.deepEqual(left, [], 'predictions of repeats are kept nowhere');
    assert.equal(view.summary.counts.scored, candidates);
  });

  it('while it unseals at a wish: either all of it is there and the run marked, or nothing is', async () => {
    for (const [index, delayMs] of [0, 15, 60].entries()) {
      const run = `20260105-000000-linear-c10${index}`;
      const host = startHost(run);
      await until('two scored candidates', async () => (await count(run, 'candidate_scored')) >= 2);
      const answer = callRun(toy.home, run, (peer) => peer.request('run.unseal', { run }, { timeoutMs: 60_000 })).then(
        () => 'unsealed',
        () => 'cut off',
      );
      await sleep(delayMs);
      host.kill('SIGKILL');
      await host;
      const told = await answer;
      const { view } = await readRun(toy.home, run);
      const open = [...view.candidates.values()].filter(({ validation }) => validation !== null).length;
      assert.equal(view.summary.unsealed, open > 0);
      assert.equal(view.summary.unsealedEarly === true, open > 0);
      if (told === 'unsealed') assert.ok(open >= 2, 'what was answered survives');
      const announced = await eventsOf(run);

      const end = await startHost(run);
      assert.equal(end.exitCode, 0, end.stderr);
      const events = await eventsOf(run);
      assert.deepEqual(events.slice(0, announced.length), announced);
      const early = events.flatMap(({ body }) => (body.type === 'unsealed' ? [body.early] : []));
      assert.deepEqual(early, open > 0 ? [true, false] : [false]);
      const { summary } = (await readRun(toy.home, run)).view;
      assert.equal(summary.unsealedEarly === true, open > 0, 'the mark stays for good, and comes from nothing else');
      assert.equal(
        summary.caveats.some((caveat) => /unsealed before the search had ended/.test(caveat)),
        open > 0,
      );
      assert.ok(summary.selected !== null);
    }
  });
});
