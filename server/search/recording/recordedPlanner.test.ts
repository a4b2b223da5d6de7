import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Candidate, CandidateId } from '../../../protocol/run.ts';
import { candidate, runConfig, runStarted, scored } from '../../../test/support/candidates.ts';
import { readProgramFolder } from '../../store/programFolder.ts';
import { RunStore } from '../../store/runStore.ts';
import type { WorkerSlot } from '../../workers/contract.ts';
import { Population } from '../population.ts';
import { type CandidateWork, SteadyState } from '../steadyState.ts';
import { compareWithRecording } from './comparison.ts';
import { RecordedPlanner } from './recordedPlanner.ts';
import type { RecordedCandidate, RecordedRun } from './recordedRun.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-planner-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const program = [{ path: 'solution.py', contentBase64: btoa('print(1)') }];

function recordedRun(...candidates: (Partial<RecordedCandidate> & { id: CandidateId })[]): RecordedRun {
  const head = {
    format: 'aira.recording/1',
    run: '20260101-000000-toy-aa01',
    config: runConfig(),
    splitHash: '0',
  } as const;
  const whole = candidates.map(
    (given): RecordedCandidate => ({
      operator: 'draft',
      parents: [],
      origin: 'sampled',
      seed: 1000 + given.id,
      summary: '',
      outcome: 'scored',
      search: { value: given.id, standardError: 0, rows: 1 },
      failure: null,
      context: null,
      heard: [],
      turns: null,
      program,
      ...given,
    }),
  );
  return { folder: '/recording', head, candidates: new Map(whole.map((one) => [one.id, one])) };
}

describe('the planner of a replay', () => {
  it('gives each candidate when its own parents have ended, and only then', async () => {
    const planner = new RecordedPlanner(
      recordedRun({ id: 1 }, { id: 2 }, { id: 3, operator: 'mutation', parents: [1] }, { id: 4 }),
      home,
    );
    const population = new Map<CandidateId, Candidate>();
    const first = await planner.next(population);
    assert.ok(first !== null && first !== 'wait');
    assert.deepEqual([first.plan.operator, first.seed], ['draft', 1001]);
    population.set(1, candidate(1)).set(2, scored(2, 1));
    assert.equal(await planner.next(population), 'wait');
    population.set(1, candidate(1, { state: 'evaluating' }));
    assert.equal(await planner.next(population), 'wait');
    population.set(1, scored(1, 1));
    const third = await planner.next(population);
    assert.ok(third !== null && third !== 'wait');
    assert.deepEqual(third.plan.parents, [1]);
    population.set(3, candidate(3)).set(4, candidate(4));
    assert.equal(await planner.next(population), null);
  });

  it('lays down what a person had handed in', async () => {
    const planner = new RecordedPlanner(
      recordedRun({ id: 1, operator: 'human', origin: 'person', summary: 'mine' }),
      home,
    );
    const planned = await planner.next(new Map());
    assert.ok(planned !== null && planned !== 'wait' && planned.body?.kind === 'submit');
    assert.equal(planned.body.summary, 'mine');
    assert.deepEqual(await readProgramFolder(join(home, planned.body.program)), program);
  });
});

describe('a search that follows a recording', () => {
  it('keeps every number, gives up what was given up, and holds no more than it was told', {
    timeout: 20_000,
  }, async () => {
    const recorded = recordedRun(
      { id: 1 },
      { id: 2, outcome: 'abandoned', search: null, program: null },
      { id: 3, operator: 'mutation', parents: [1] },
      // 4 had not ended when the recording stopped.
      { id: 5, operator: 'crossover', parents: [3, 1] },
      { id: 6, outcome: 'failed', search: null, program: null, failure: { kind: 'no_submission', message: 'x' } },
    );
    const store = await RunStore.create(home, '20260101-000000-toy-aa02', runStarted({ candidates: 4, workers: 3 }));
    const work: CandidateWork = {
      isInfrastructureFault: () => false,
      isSlotOut: () => false,
      acceptRequest: async () => undefined,
      perform: async ({ id, parents }) => {
        for (const parent of parents) assert.equal(store.view.candidates.get(parent)?.state, 'scored');
        await sleep(id === 1 ? 40 : 5);
        await store.writeProgram(id, program);
        const search = { value: id === 5 ? 5.5 : id, standardError: 0, rows: 1 };
        await store.append({ type: 'candidate_scored', id, search, evaluation: [], suspiciouslyPerfect: false });
      },
    };
    const slots = [0, 1, 2].map((index): WorkerSlot => slot(index));
    const log = pino({ level: 'silent' });
    const population = Population.following(store);
    const planner = new RecordedPlanner(recorded, store.paths.directory);
    const search = new SteadyState({ store, population, slots, agentsPerSlot: 1, work, modelId: 'test', log, planner });
    assert.equal((await search.run()).kind, 'complete');
    const states = [...store.view.candidates.values()].map(({ id, state, seed }) => [id, state, seed]);
    assert.deepEqual(states, [
      [1, 'scored', 1001],
      [2, 'abandoned', 1002],
      [3, 'scored', 1003],
      [4, 'abandoned', 4],
      [5, 'scored', 1005],
      [6, 'scored', 1006],
    ]);
    await assert.rejects(search.request('r', { kind: 'fork', parent: 1 }), { name: 'RequestRefusedError' });

    const { recorded: count, same, differences } = await compareWithRecording(recorded, store);
    assert.deepEqual([count, same], [4, 2]);
    assert.match(
      differences.join('\n'),
      /^#5: search score 5\.5 instead of 5\n#6: outcome "scored" instead of "failed"/,
    );
    await store.close();
  });
});

function slot(index: number): WorkerSlot {
  const unused = (): never => {
    throw new Error('this test runs nothing on slots');
  };
  const methods = { status: unused, capabilities: unused, openSession: unused, closeSession: unused, sessions: unused };
  return { index, ...methods, execute: unused, unclaimed: unused, forget: unused, withDevice: unused };
}
