import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Candidate, RunConfig } from '../../protocol/run.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { InterruptedError } from '../agent/limits.ts';
import type { EvaluationInput, EvaluationOutcome } from '../evaluation/evaluator.ts';
import { RunStore } from '../store/runStore.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { Population } from './population.ts';
import { Reevaluations } from './reevaluations.ts';
import { SteadyState } from './steadyState.ts';
import type { CandidateWork, WorkSignals } from './work.ts';

const id = '20261120-000000-toy-ab12';
const deadline = { timeout: 120_000 };
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-steering-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

class MachineFault extends Error {}

const unused = (): never => {
  throw new Error('this test runs nothing on slots');
};

function slots(count: number): WorkerSlot[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    status: () => ({
      slot: index,
      state: 'ready',
      epoch: 1,
      pid: null,
      gpuUuid: null,
      cpuList: [0],
      gpus: [],
      gpuProblem: null,
      sessions: [],
      running: [],
    }),
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

interface Scene {
  /** The agent and first evaluation of a candidate. */
  perform?: (candidate: Candidate, signals: WorkSignals) => Promise<void>;
  /** One more evaluation: what it scores. */
  again?: (input: EvaluationInput) => Promise<number>;
  existing?: RunStore;
}

/** A search whose agents and evaluations are what the test says; store, planning, lanes and requests are real. */
async function search(config: Partial<RunConfig>, { perform, again, existing }: Scene) {
  const store = existing ?? (await RunStore.create(home, id, runStarted({ crossover: 0, drafts: 1, ...config })));
  const work: CandidateWork = {
    isInfrastructureFault: (error) => error instanceof MachineFault,
    isSlotOut: () => false,
    acceptRequest: async () => undefined,
    perform: async (candidate, _slot, signals) => {
      await perform?.(candidate, signals);
      await store.writeProgram(candidate.id, [{ path: 'solution.py', contentBase64: '' }]);
      await store.append({
        type: 'candidate_scored',
        id: candidate.id,
        search: { value: candidate.id, standardError: 0, rows: 1 },
        evaluation: [],
        suspiciouslyPerfect: false,
      });
    },
  };
  const evaluate = async (input: EvaluationInput): Promise<EvaluationOutcome> => ({
    kind: 'scored',
    search: { value: (await again?.(input)) ?? 0, standardError: 0, rows: 1 },
    suspiciouslyPerfect: false,
    runs: [],
    log: '',
  });
  const task = { manifest: { limits: { cpus: 1 } } };
  const steadyState = new SteadyState({
    store,
    population: Population.following(store),
    slots: slots(store.view.summary.config.workers),
    agentsPerSlot: 1,
    work,
    repeats: new Reevaluations({ store, task, evaluator: { evaluate }, onActivity: () => undefined }),
    modelId: 'test',
    log: pino({ level: 'silent' }),
  });
  return { store, steadyState };
}

/** An agent that works until it is ended. */
const untilEnded = (signal: AbortSignal) =>
  sleep(60_000, undefined, { signal }).catch(() => {
    throw new InterruptedError('ended');
  });

const evaluations = (times: number) => ({ kind: 'reevaluate', candidate: 1, times }) as const;

describe('a search that is steered', deadline, () => {
  it('goes on at once on all its lanes when it gets more to do while the last candidate is at work', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let atOnce = 0;
    const { store, steadyState } = await search(
      { candidates: 1, workers: 3 },
      {
        perform: async () => {
          atOnce += 1;
          if (atOnce === 3) release();
          await released;
        },
      },
    );
    const running = steadyState.run();
    while (store.view.candidates.size < 1) await sleep(1);
    await steadyState.extend({ candidates: 2 });
    assert.deepEqual(await running, { kind: 'complete', reason: 'all 3 candidates are made' });
    assert.equal(store.view.summary.config.candidates, 3);
    await assert.rejects(steadyState.extend({ candidates: 1 }), /search is ending/);
    await store.close();
  });

  it('loses no wish that it has taken in, however near its end is', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { store, steadyState } = await search({ candidates: 1, workers: 2 }, {});
      const running = steadyState.run();
      const asked: Promise<boolean>[] = [];
      store.subscribe(1, ({ body }) => {
        if (body.type === 'candidate_scored' && body.id === 1)
          asked.push(
            steadyState.request('late', { kind: 'fork', parent: 1 }).then(
              () => true,
              () => false,
            ),
          );
      });
      await running;
      const [wasTaken] = await Promise.all(asked);
      assert.equal(store.view.candidates.size, wasTaken === true ? 2 : 1);
      assert.deepEqual(store.view.pending, []);
      await store.close();
      await rm(home, { recursive: true });
    }
  });

  it('finishes after a restart, too: agents that were at work come to their end, and nothing new is begun', async () => {
    const first = await search(
      { candidates: 9, workers: 2 },
      { perform: async ({ id: n }, { agents }) => (n > 1 ? untilEnded(agents) : undefined) },
    );
    const running = first.steadyState.run();
    while (first.store.view.candidates.size < 3) await sleep(1);
    await first.steadyState.finish('a person had it finish');
    first.steadyState.interrupt('shutdown');
    await running;
    await first.store.close();

    const second = await search(
      {},
      {
        existing: await RunStore.open(home, id),
        perform: async (_, { agents }) => assert.ok(!agents.aborted, 'nobody ended it'),
      },
    );
    await second.store.append({ type: 'run_resumed', pid: 1 });
    assert.deepEqual(await second.steadyState.run(), { kind: 'complete', reason: 'a person had it finish' });
    const { counts } = second.store.view.summary;
    assert.deepEqual([counts.created, counts.scored, counts.abandoned], [3, 3, 0]);
    await second.store.close();
  });

  it('can be stopped while it finishes', async () => {
    const { store, steadyState } = await search(
      { candidates: 9, workers: 1 },
      { perform: async ({ id: n }, { agents }) => (n > 1 ? untilEnded(agents) : undefined) },
    );
    const running = steadyState.run();
    while (store.view.candidates.size < 2) await sleep(1);
    await steadyState.finish('finish');
    await steadyState.stop('enough', { now: false });
    assert.deepEqual(await running, { kind: 'complete', reason: 'enough' });
    assert.equal(store.view.summary.ending, 'stop');
    assert.equal(store.view.summary.counts.abandoned, 1);
    await store.close();
  });

  it('evaluates again on every free slot, each time with a seed that the candidate has not had', async () => {
    const seeds: number[] = [];
    const { promise: all, resolve: allAtWork } = Promise.withResolvers<void>();
    const { store, steadyState } = await search(
      { candidates: 2, workers: 3 },
      {
        perform: async ({ id: n }) => {
          if (n === 2) await all;
        },
        again: async ({ seed, searchOnly }) => {
          assert.equal(searchOnly, true);
          seeds.push(seed);
          if (seeds.length === 2) allAtWork();
          await all;
          return seed;
        },
      },
    );
    const running = steadyState.run();
    while (store.view.candidates.get(1)?.state !== 'scored') await sleep(1);
    await Promise.all([
      steadyState.request('a', evaluations(2)),
      steadyState.request('b', { kind: 'reevaluate', candidate: 1, times: 3 }),
    ]);
    await running;
    const { repeats = [], seed = 0, search: own } = store.view.candidates.get(1) ?? {};
    assert.equal(new Set([seed, ...seeds]).size, 6);
    assert.deepEqual(repeats.map((repeat) => repeat.seed).sort(), [...seeds].sort());
    assert.equal(own?.value, 1, 'its own score stays');
    assert.deepEqual(store.view.pending, []);
    await store.close();
  });

  it('repeats no evaluation that was announced, and takes up with their seeds those that were cut off', async () => {
    const cutOff: number[] = [];
    const first = await search(
      { candidates: 1, workers: 2 },
      {
        again: async ({ seed }) => {
          if (first.store.view.candidates.get(1)?.repeats !== undefined) {
            cutOff.push(seed);
            if (cutOff.length === 2) first.steadyState.interrupt('power cut');
            throw new InterruptedError('cut off');
          }
          while (first.store.view.pending.length < 2) await sleep(1);
          return seed;
        },
      },
    );
    const gate = first.store.subscribe(1, ({ body }) => {
      if (body.type !== 'candidate_scored') return;
      void first.steadyState.request('a', evaluations(2));
      void first.steadyState.request('b', evaluations(2));
    });
    const end = await first.steadyState.run();
    gate();
    assert.equal(end.kind, 'interrupted');
    const before = first.store.view.candidates.get(1)?.repeats ?? [];
    const left = first.store.view.pending.map(({ body }) => (body.kind === 'reevaluate' ? body.times : 0));
    assert.equal(before.length + left.reduce((sum, times) => sum + times, 0), 4);
    await first.store.close();

    const again: number[] = [];
    const second = await search(
      {},
      {
        existing: await RunStore.open(home, id),
        again: async ({ seed }) => {
          again.push(seed);
          return seed;
        },
      },
    );
    await second.store.append({ type: 'run_resumed', pid: 1 });
    await second.steadyState.run();
    const after = second.store.view.candidates.get(1)?.repeats ?? [];
    assert.deepEqual(after.slice(0, before.length), before);
    assert.equal(new Set(after.map(({ seed }) => seed)).size, 4);
    assert.ok(cutOff.every((seed) => again.includes(seed)));
    assert.deepEqual(second.store.view.pending, []);
    await second.store.close();
  });

  it('tries an evaluation again that the machine has cut off, gives it up at the second fault, and says so', async () => {
    const tries = new Map<number, number>();
    const { store, steadyState } = await search(
      { candidates: 4, workers: 1 },
      {
        perform: async ({ id: n }) => {
          if (n === 2) await steadyState.request('doomed', evaluations(1));
          if (n === 3) await steadyState.request('lucky', evaluations(1));
        },
        again: async ({ seed }) => {
          const count = (tries.get(seed) ?? 0) + 1;
          tries.set(seed, count);
          if (store.view.dropped.length === 0 || count === 3) throw new MachineFault('gone');
          return seed;
        },
      },
    );
    await steadyState.run();
    assert.match(store.view.dropped[0]?.reason ?? '', /given up after 2 faults of the infrastructure, the last: gone/);
    assert.equal(store.view.dropped[0]?.request, 'doomed');
    assert.equal(store.view.summary.counts.scored, 4, 'the search goes on');
    assert.equal(store.view.candidates.get(1)?.repeats?.length, 1, 'one fault costs the other request nothing');
    await store.close();
  });
});
