import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Candidate, RunConfig } from '../../protocol/run.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { BudgetTooSmallError, InterruptedError, ProviderStoppedError } from '../agent/limits.ts';
import { RunStore } from '../store/runStore.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { Population } from './population.ts';
import { type CandidateWork, SteadyState, type WorkSignals } from './steadyState.ts';

const id = '20261120-000000-toy-ab12';
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-search-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

class MachineFault extends Error {}
class SlotOut extends Error {}

/** Work whose agent and evaluation are what the test says; everything else (store, planning, lanes) is real. */
function work(
  store: RunStore,
  perform: (candidate: Candidate, slot: WorkerSlot, signals: WorkSignals) => Promise<number>,
): CandidateWork {
  return {
    isInfrastructureFault: (error) => error instanceof MachineFault,
    isSlotOut: (error) => error instanceof SlotOut,
    acceptRequest: async () => undefined,
    perform: async (candidate, slot, signals) => {
      const value = await perform(candidate, slot, signals);
      await store.append({
        type: 'candidate_scored',
        id: candidate.id,
        search: { value, standardError: 0, rows: 1 },
        evaluation: [],
        suspiciouslyPerfect: false,
      });
    },
  };
}

const unused = (): never => {
  throw new Error('this test runs nothing on slots');
};

function slots(count: number): WorkerSlot[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    status: unused,
    capabilities: unused,
    openSession: unused,
    closeSession: unused,
    sessions: unused,
    execute: unused,
    unclaimed: unused,
    forget: unused,
    withDevice: unused,
  }));
}

async function search(
  config: Partial<RunConfig>,
  perform: Parameters<typeof work>[1],
  existing?: RunStore,
  now: () => number = Date.now,
  runClock = now,
) {
  const store = existing ?? (await RunStore.create(home, id, runStarted(config)));
  const { workers, agentsPerSlot } = store.view.summary.config;
  const steadyState = new SteadyState({
    store,
    population: Population.following(store),
    slots: slots(workers),
    agentsPerSlot,
    work: work(store, perform),
    modelId: 'test',
    log: pino({ level: 'silent' }),
    now,
    runClock,
  });
  return { store, steadyState };
}

describe('steady-state search', () => {
  it('makes exactly the wanted number of candidates', async () => {
    const { store, steadyState } = await search({ candidates: 13, workers: 4 }, async ({ id: n }) => 1 / n);
    const end = await steadyState.run();
    assert.deepEqual(end, { kind: 'complete', reason: 'all 13 candidates are made' });
    assert.equal(store.view.summary.counts.scored, 13);
    assert.deepEqual(
      [...store.view.candidates.keys()],
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
    await store.close();
  });

  it('has no barrier: one slow candidate holds up nobody', async () => {
    const { store, steadyState } = await search({ candidates: 20, workers: 2 }, async ({ id: n }) => {
      if (n > 1) return n;
      // The first takes until all the others are done.
      while (store.view.summary.counts.scored < 19) await sleep(2);
      return 0;
    });
    await steadyState.run();
    assert.equal(store.view.summary.bestSearch?.candidate, 1);
    await store.close();
  });

  it('puts an assignment back once when the machine fails it, and gives up at the second fault', async () => {
    const tries = new Map<number, number>();
    const { store, steadyState } = await search({ candidates: 4, workers: 2 }, async ({ id: n }) => {
      const attempt = (tries.get(n) ?? 0) + 1;
      tries.set(n, attempt);
      if ((n === 2 && attempt === 1) || n === 3) throw new MachineFault('gone');
      return n;
    });
    await steadyState.run();
    assert.equal(tries.get(2), 2);
    assert.equal(tries.get(3), 2);
    assert.equal(store.view.candidates.get(2)?.state, 'scored');
    assert.equal(store.view.candidates.get(3)?.state, 'abandoned');
    // An abandoned candidate is nobody's failure and does not use up the budget.
    assert.equal(store.view.summary.counts.scored, 4);
    await store.close();
  });

  it('goes on without a slot that is out of service, and counts nothing against the work it had', async () => {
    const { store, steadyState } = await search({ candidates: 8, workers: 2 }, async ({ id: n }, slot) => {
      if (slot.index === 1) throw new SlotOut('five starts failed');
      return n;
    });
    const end = await steadyState.run();
    assert.equal(end.kind, 'complete');
    const { counts } = store.view.summary;
    assert.deepEqual([counts.created, counts.scored, counts.abandoned], [8, 8, 0]);
    await store.close();
  });

  it('waits to be resumed when no slot is left, and has lost nothing', async () => {
    const { store, steadyState } = await search({ candidates: 8, workers: 2 }, async () => {
      throw new SlotOut('five starts failed');
    });
    const end = await steadyState.run();
    assert.equal(end.kind, 'interrupted');
    assert.match(end.reason, /no slot is left: five starts failed/);
    assert.deepEqual([store.view.summary.counts.created, store.view.summary.counts.abandoned], [2, 0]);
    await store.close();
  });

  it('does not go through candidates on a machine that fails them all', async () => {
    const { store, steadyState } = await search({ candidates: 8, workers: 2 }, async () => {
      throw new MachineFault('no space left');
    });
    const end = await steadyState.run();
    assert.equal(end.kind, 'interrupted');
    assert.match(end.reason, /faults of the infrastructure in a row.*no space left/);
    assert.ok(store.view.summary.counts.created < 10, `${store.view.summary.counts.created} started`);
    await store.close();
  });

  it('takes no request once the search is ending', async () => {
    const { store, steadyState } = await search({ candidates: 3, workers: 1 }, async ({ id: n }) => n);
    await steadyState.run();
    await assert.rejects(steadyState.request('late', { kind: 'fork', parent: 1 }), /search is ending/);
    await store.close();
  });

  it('serves a person before its own work, also when requests come while all slots are busy', async () => {
    const { promise: blocked, resolve: release } = Promise.withResolvers<void>();
    const { store, steadyState } = await search({ candidates: 6, workers: 1, drafts: 1 }, async ({ id: n }) => {
      if (n === 2) await blocked;
      return n;
    });
    const running = steadyState.run();
    while (store.view.candidates.size < 2) await sleep(1);
    await steadyState.request('a', { kind: 'fork', parent: 1, guidance: 'first wish' });
    await steadyState.request('b', { kind: 'fork', parent: 1, guidance: 'second wish' });
    release();
    await running;
    assert.equal(store.view.candidates.get(3)?.guidance, 'first wish');
    assert.equal(store.view.candidates.get(4)?.guidance, 'second wish');
    assert.equal(store.view.candidates.get(4)?.origin, 'person');
    assert.deepEqual(store.view.pending, []);
    await store.close();
  });

  it('resumes the sequence of draws: a run cut in two makes the same assignments as one in a piece', async () => {
    const perform = async ({ id: n }: Candidate) => Math.sin(n);
    const plan = (store: RunStore) =>
      [...store.view.candidates.values()].map(({ operator, parents, seed }) => ({ operator, parents, seed }));
    const whole = await search({ candidates: 16, workers: 1 }, perform);
    await whole.steadyState.run();
    const expected = plan(whole.store);
    await whole.store.close();
    await rm(home, { recursive: true });

    const first = await search({ candidates: 16, workers: 1 }, async (one) => {
      if (one.id === 7) first.steadyState.interrupt('power cut');
      return perform(one);
    });
    assert.equal((await first.steadyState.run()).kind, 'interrupted');
    await first.store.close();
    const second = await search({}, perform, await RunStore.open(home, id));
    await second.steadyState.run();
    assert.deepEqual(plan(second.store), expected);
    await second.store.close();
  });

  it('takes up candidates that were at work when the run was cut off, once each', async () => {
    const first = await search({ candidates: 5, workers: 2 }, async ({ id: n }, _slot, { agents }) => {
      if (n < 3) return n;
      await sleep(60_000, undefined, { signal: agents }).catch(() => {
        throw new InterruptedError('cut off');
      });
      return n;
    });
    const running = first.steadyState.run();
    while (first.store.view.candidates.size < 4) await sleep(1);
    first.steadyState.interrupt('shutdown');
    await running;
    assert.equal(first.store.view.summary.counts.running, 2);
    await first.store.close();
    const taken: number[] = [];
    const second = await search({}, async ({ id: n }) => taken.push(n), await RunStore.open(home, id));
    await second.steadyState.run();
    assert.deepEqual(taken.sort(), [3, 4, 5]);
    assert.equal(second.store.view.summary.counts.scored, 5);
    await second.store.close();
  });

  it('starts nothing while paused, and goes on when told', async () => {
    const { store, steadyState } = await search({ candidates: 6, workers: 2 }, async ({ id: n }) => {
      if (n === 2) await steadyState.pause();
      return n;
    });
    const running = steadyState.run();
    while (store.view.summary.counts.running > 0 || store.view.summary.state !== 'paused') await sleep(1);
    const made = store.view.candidates.size;
    await sleep(50);
    assert.equal(store.view.candidates.size, made);
    await steadyState.unpause();
    await running;
    assert.equal(store.view.summary.counts.scored, 6);
    await store.close();
  });

  it('stops at a word: agents are given up, not failed, and the reason is kept', async () => {
    const { store, steadyState } = await search(
      { candidates: null, hours: 1, workers: 2 },
      async ({ id: n }, _slot, { agents }) => {
        if (n < 4) return n;
        await sleep(60_000, undefined, { signal: agents }).catch(() => {
          throw new InterruptedError('stopped');
        });
        return n;
      },
    );
    const running = steadyState.run();
    while (store.view.candidates.size < 5) await sleep(1);
    await steadyState.stop('enough', { now: false });
    assert.deepEqual(await running, { kind: 'complete', reason: 'enough' });
    const { counts } = store.view.summary;
    assert.deepEqual([counts.scored, counts.failed, counts.abandoned, counts.running], [3, 0, 2, 0]);
    await store.close();
  });

  it('ends by itself when its hours are used up', async () => {
    let clock = 1_000_000;
    const now = () => clock;
    const existing = await RunStore.create(home, id, runStarted({ candidates: null, hours: 1, workers: 2 }), now);
    const perform = async ({ id: n }: Candidate) => {
      clock += 20 * 60_000;
      return n;
    };
    const { store, steadyState } = await search({}, perform, existing, now);
    const end = await steadyState.run();
    assert.match(end.reason, /time budget/);
    const { scored, created } = store.view.summary.counts;
    // Three of twenty minutes fill the hour; a second lane may have begun one more before that.
    assert.ok(scored === created && (scored === 3 || scored === 4), `${scored} of ${created}`);
    await store.close();
  });

  it('takes its time by its own clock, and dates candidates by that on the wall', async () => {
    const asleep = 8 * 3_600_000;
    const { store, steadyState } = await search(
      { candidates: 2, hours: 1, workers: 1 },
      async ({ id: n }) => n,
      undefined,
      () => Date.now() + asleep,
      Date.now,
    );
    assert.match((await steadyState.run()).reason, /all 2 candidates/);
    assert.ok(steadyState.runRemainingMs() > 0);
    const { createdAt } = store.view.candidates.get(1) ?? assert.fail('there is none');
    assert.ok(createdAt >= store.view.summary.createdAt + asleep);
    await store.close();
  });

  for (const stop of [new ProviderStoppedError('the key was refused'), new BudgetTooSmallError('no first turn')])
    it(`leaves a resumable run on ${stop.name}: nobody can go on, and no candidate is to blame`, async () => {
      const { store, steadyState } = await search({ candidates: 8, workers: 2 }, async ({ id: n }) => {
        if (n >= 3) throw stop;
        return n;
      });
      const end = await steadyState.run();
      assert.equal(end.kind, 'interrupted');
      assert.ok(end.reason.includes(stop.message), end.reason);
      assert.equal(store.view.summary.counts.failed, 0);
      assert.equal(store.view.summary.counts.abandoned, 0);
      await store.close();
    });

  it('ends all lanes and tells of a fault of our own', async () => {
    const { store, steadyState } = await search({ candidates: 8, workers: 3 }, async ({ id: n }) => {
      if (n === 4) throw new TypeError('a bug');
      return n;
    });
    await assert.rejects(steadyState.run(), /a bug/);
    await store.close();
  });

  it('decides for every free lane while the disk is busy, and counts what is on its way there', async () => {
    const { store, steadyState } = await search(
      { candidates: 12, workers: 16, drafts: 3, seed: 5 },
      async ({ id: n }) => n,
    );
    await store.append({
      type: 'request_queued',
      request: 'a',
      body: { kind: 'submit', program: 'x', summary: 'mine' },
    });
    const append = store.append.bind(store);
    const { promise: allDecided, resolve: decided } = Promise.withResolvers<void>();
    let onTheirWay = 0;
    store.append = async (body) => {
      if (body.type === 'candidate_started') {
        onTheirWay += 1;
        if (onTheirWay === 12) decided();
        await Promise.race([allDecided, sleep(10_000)]);
      }
      return append(body);
    };
    await steadyState.run();
    assert.equal(store.view.summary.counts.created, 12);
    const operators = [...store.view.candidates.values()].map(({ operator }) => operator);
    assert.equal(operators.filter((operator) => operator === 'human').length, 1, 'a request is served once');
    assert.equal(onTheirWay, 12);
    await store.close();
  });

  it('keeps several agents on each slot busy', async () => {
    let atOnce = 0;
    let most = 0;
    const { store, steadyState } = await search({ candidates: 24, workers: 2, agentsPerSlot: 3 }, async ({ id: n }) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      for (const until = Date.now() + 10_000; most < 6 && Date.now() < until; ) await sleep(1);
      atOnce -= 1;
      return n;
    });
    await steadyState.run();
    assert.equal(most, 6);
    await store.close();
  });
});
