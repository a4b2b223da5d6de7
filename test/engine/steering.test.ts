/** A person steers a whole run, everything real but the model: what each wish changes, and what it may not. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { RunEvent } from '../../protocol/run.ts';
import { RunHost, type RunHostOptions } from '../../server/api/runHost.ts';
import { steerStored } from '../../server/api/steering.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, scriptedModel } from '../support/scriptedModel.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

const log = pino({ level: 'silent' });

async function newRun(id: string, change: Parameters<typeof runStarted>[0]): Promise<RunStore> {
  return RunStore.create(toy.home, id, {
    ...runStarted({ task: 'linear', crossover: 0, ...change }),
    metric: { name: 'RMSE', direction: 'minimize' },
    splitHash: toy.task.splitHash,
    scoringHash: toy.task.scoringHash,
  });
}

const host = (store: RunStore, model: RunHostOptions['model']) =>
  RunHost.start({ store, task: toy.task, model, venv, log });

const down = <T>(run: string, act: Parameters<typeof steerStored<T>>[1]) =>
  steerStored({ home: toy.home, run, venv: () => venv, log: () => log }, act);

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(10)) if (condition()) return;
  throw new Error(`waited 60 s for: ${what}`);
}

const bodies = async (store: RunStore, type: RunEvent['body']['type']) =>
  (await store.events(0, 10_000)).filter(({ body }) => body.type === type).map(({ body }) => body);

/** Its score depends on the seed that it is run with. */
const noisyProgram = (slope: number) =>
  `import os\nslope = ${slope} + int(os.environ["AIRA_SEED"]) % 97 / 1e4\n${linearProgram(slope).replace(`{${slope} *`, '{slope *')}`;

describe('a person', { timeout: 300_000 }, () => {
  it('has a candidate evaluated again: other seeds, the same score, nothing sealed, and the search draws as if nobody had asked', async () => {
    const model = () => scriptedModel({ program: ({ seed }) => noisyProgram(2 + (seed % 10) / 100) });
    const settings = { candidates: 4, workers: 1, drafts: 2 };
    const plain = await newRun('20260104-000000-linear-5a01', settings);
    await (await host(plain, model())).run();

    const store = await newRun('20260104-000000-linear-5a02', settings);
    const running = await host(store, model());
    const end = running.run();
    await until('a scored candidate', () => store.view.candidates.get(1)?.state === 'scored');
    const request = await running.steering.ask('again', { kind: 'reevaluate', candidate: 1, times: 3 });
    assert.deepEqual(await end, { kind: 'finished' });

    const one = store.view.candidates.get(1);
    const seeds = one?.repeats?.map(({ seed }) => seed) ?? [];
    assert.equal(new Set([one?.seed, ...seeds]).size, 4, 'each has a seed of its own');
    const scores = one?.repeats?.map(({ search }) => search?.value) ?? [];
    assert.equal(new Set([one?.search?.value, ...scores]).size, 4, 'the program ran with them');
    assert.deepEqual(store.view.pending, []);
    assert.ok(
      (await bodies(store, 'candidate_reevaluated')).every((body) => 'request' in body && body.request === request),
    );
    const told = (await store.events(0, 10_000)).map(({ body }) => body.type);
    assert.ok(told.indexOf('candidate_reevaluated') < told.lastIndexOf('candidate_started'), 'ahead of sampled work');
    assert.ok(
      !existsSync(join(store.candidatePaths(1).directory, 'repeats')) ||
        (await readdir(join(store.candidatePaths(1).directory, 'repeats'))).length === 0,
    );

    const made = ({ view }: RunStore) =>
      [...view.candidates.values()].map(({ operator, parents, seed, search }) => ({ operator, parents, seed, search }));
    assert.deepEqual(made(store), made(plain));
    await plain.close();
    await store.close();
  });

  it('excludes the best one: it is no parent, no leader, and not selected', async () => {
    const contexts: { id: number; leaders: number[]; parents: number[] }[] = [];
    const model = scriptedModel({
      program: ({ context, seed }) => {
        contexts.push({
          id: seed,
          leaders: context.leaders.map(({ id }) => id),
          parents: context.parents.map(({ id }) => id),
        });
        // The first is as good as can be, all others are not.
        return linearProgram(context.populationSize === 0 && context.draftIndex === 0 ? 3 : 2 + (seed % 10) / 100);
      },
    });
    const store = await newRun('20260104-000000-linear-5b01', { candidates: 2, workers: 1, drafts: 2 });
    const first = await host(store, model);
    store.subscribe(store.view.lastSeq, ({ body }) => {
      if (body.type === 'candidate_scored' && body.id === 1)
        void first.steering.mark(1, { excluded: true, pinned: true });
      if (body.type === 'candidate_scored' && body.id === 2) void first.steering.extend({ candidates: 3, hours: 1 });
    });
    assert.deepEqual(await first.run(), { kind: 'finished' });
    const { summary, candidates } = store.view;
    assert.equal(summary.counts.scored, 5, 'the extension came in time');
    assert.equal(summary.config.hours, null, 'a bound that a run does not have does not come by being extended');
    assert.ok(contexts.slice(2).every(({ leaders, parents }) => !leaders.includes(1) && !parents.includes(1)));
    assert.ok(
      contexts.slice(2).every(({ parents }) => parents.length === 1),
      'others are sampled',
    );
    const best = Math.min(...[...candidates.values()].map(({ validation }) => validation?.value ?? Infinity));
    assert.equal(candidates.get(1)?.validation?.value, best);
    assert.ok(summary.selected !== null && summary.selected !== 1);
    assert.notEqual(summary.bestSearch?.candidate, 1);
    assert.match(
      await readFile(store.paths.report, 'utf8'),
      /Excluded by a person, so neither parents afterwards nor selected: #1/,
    );
    await store.close();
    await down(store.id, async (steering) => {
      await steering.mark(1, { pinned: false });
      await assert.rejects(steering.mark(2, { excluded: true }), /has ended and made its selection/);
      await assert.rejects(steering.extend({ candidates: 1 }), /has ended and its hidden scores are open/);
      await assert.rejects(steering.mark(9, { pinned: true }), /has no candidate #9; it has 5/);
    });
    const after = await RunStore.open(toy.home, store.id);
    assert.equal(after.view.candidates.get(1)?.pinned, undefined);
    assert.equal(after.view.candidates.get(1)?.excluded, true);
    await after.close();
  });

  it('unseals a live run early: what is scored by then, marked for good, and selected at the end all the same', async () => {
    const prompts: string[] = [];
    const model = scriptedModel({
      program: ({ context, messages, seed }) => {
        prompts.push(JSON.stringify({ context, messages }));
        return linearProgram(2 + (seed % 100) / 100);
      },
    });
    const store = await newRun('20260104-000000-linear-5c01', { candidates: 4, workers: 1, drafts: 1 });
    const running = await host(store, model);
    const ended = running.run();
    await assert.rejects(running.steering.unsealEarly(), /nothing to unseal/);
    await until('two scored candidates', () => store.view.summary.counts.scored >= 2);
    await running.steering.unsealEarly();
    const { summary, candidates } = store.view;
    assert.deepEqual([summary.unsealed, summary.unsealedEarly, summary.selected], [true, true, null]);
    assert.ok(candidates.get(1)?.validation !== null && candidates.get(2)?.test !== null);
    await assert.rejects(running.steering.unsealEarly(), /once and for all/);
    await until('a third', () => store.view.summary.counts.scored >= 3);
    if (summary.state === 'running') assert.equal(candidates.get(3)?.validation, null, 'later ones stay sealed');
    assert.deepEqual(await ended, { kind: 'finished' });
    assert.ok([...candidates.values()].every(({ validation, test }) => validation !== null && test !== null));
    assert.ok(store.view.summary.selected !== null);
    const events = await bodies(store, 'unsealed');
    assert.deepEqual(
      events.map((body) => 'early' in body && body.early),
      [true, false],
    );
    const sealed = [...candidates.values()].flatMap(({ validation, test }) => [validation?.value, test?.value]);
    assert.ok(
      prompts.every((prompt) => sealed.every((value) => !prompt.includes(String(value)))),
      'no agent sees them',
    );
    assert.match(await readFile(store.paths.report, 'utf8'), /unsealed before the search had ended/);
    await store.close();
  });

  it('finishes: agents at work come to their end, nothing new is begun, and what was asked for last is named', async () => {
    const { promise: atWork, resolve: began } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const script = scriptedModel({ program: () => linearProgram(2.5) });
    const model: RunHostOptions['model'] = {
      ...script,
      generate: async (request) => {
        if (request.context.populationSize === 1) {
          began();
          await released;
        }
        return script.generate(request);
      },
    };
    const store = await newRun('20260104-000000-linear-5d01', { candidates: 9, workers: 1, drafts: 1 });
    const running = await host(store, model);
    const ended = running.run();
    await atWork;
    await running.steering.ask('late', { kind: 'fork', parent: 1, guidance: 'will not be served' });
    await running.steering.finish();
    assert.deepEqual([store.view.summary.state, store.view.summary.ending], ['stopping', 'finish']);
    await assert.rejects(running.steering.ask('too late', { kind: 'fork', parent: 1 }), /search .*is ending/);
    await assert.rejects(running.steering.extend({ candidates: 1 }), /search is ending/);
    release();
    assert.deepEqual(await ended, { kind: 'finished' });
    const { counts, selected } = store.view.summary;
    assert.deepEqual([counts.created, counts.scored, counts.abandoned], [2, 2, 0]);
    assert.ok(selected !== null);
    assert.match(await readFile(store.paths.report, 'utf8'), /Not served[\s\S]*fork of #1[\s\S]*will not be served/);
    await store.close();
  });
});
