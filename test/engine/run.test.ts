/** A whole run in this process with everything real but the model: workers, sandboxes, scorer, store. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pino from 'pino';
import { RunHost, type RunHostOptions } from '../../server/api/runHost.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, scriptedModel } from '../support/scriptedModel.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

async function newRun(id: string, change: Parameters<typeof runStarted>[0]): Promise<RunStore> {
  return RunStore.create(toy.home, id, {
    ...runStarted({ task: 'linear', ...change }),
    metric: { name: 'RMSE', direction: 'minimize' },
  });
}

const host = (store: RunStore, model: RunHostOptions['model']) =>
  RunHost.start({ store, task: toy.task, model, venv, log: pino({ level: 'silent' }) });

describe('a run', { timeout: 180_000 }, () => {
  it('goes from nothing to a selected, tested program, with sealed scores nowhere before the end', async () => {
    const slopes = [1, 2, 2.5, 2.9, 3, 3.1];
    const model = scriptedModel({ program: ({ context }) => linearProgram(slopes[context.populationSize] ?? 3) });
    const store = await newRun('20260101-000000-linear-aa01', { candidates: 6, workers: 2, drafts: 1 });
    const sealedDuringSearch: unknown[] = [];
    store.subscribe(0, ({ body }) => {
      if (store.view.summary.unsealed) return;
      for (const candidate of store.view.candidates.values())
        sealedDuringSearch.push(candidate.validation, candidate.test);
      assert.ok(!/"(validation|test)":\{/.test(JSON.stringify(body)), 'no event before the end carries a sealed score');
    });
    const end = await (await host(store, model)).run();
    assert.deepEqual(end, { kind: 'finished' });
    assert.ok(sealedDuringSearch.every((score) => score === null));

    const { summary, candidates } = store.view;
    assert.equal(summary.state, 'finished');
    assert.equal(summary.counts.scored, 6);
    const selected = candidates.get(summary.selected ?? 0);
    const best = Math.min(...[...candidates.values()].map((candidate) => candidate.validation?.value ?? Infinity));
    assert.equal(selected?.validation?.value, best);
    assert.ok((selected?.test?.value ?? Infinity) < 4, 'the slope nearest to 3 wins');
    assert.ok((selected?.search?.standardError ?? 0) > 0);
    assert.match(await readFile(store.paths.report, 'utf8'), /Selected program/);

    const predictions = store.candidatePaths(summary.selected ?? 0).predictions;
    assert.equal((await stat(predictions)).mode & 0o777, 0o700);
    for (const name of await readdir(predictions))
      assert.equal((await stat(join(predictions, name))).mode & 0o777, 0o600);
    await store.close();
  });

  it('keeps a failing program as a failed candidate with the reason, and goes on', async () => {
    const model = scriptedModel({
      program: ({ context }) => (context.draftIndex === 1 ? 'raise ValueError("no good")' : linearProgram(3)),
    });
    const store = await newRun('20260101-000000-linear-aa02', { candidates: 3, workers: 1, drafts: 2 });
    await (await host(store, model)).run();
    const failed = [...store.view.candidates.values()].filter((candidate) => candidate.state === 'failed');
    assert.equal(failed.length, 1);
    assert.equal(failed[0]?.failure?.kind, 'program_error');
    assert.match(failed[0]?.failure?.message ?? '', /ValueError: no good/);
    assert.equal(store.view.summary.counts.scored, 2);
    await store.close();
  });

  it('shows an agent its parent with code and search score, and nothing sealed', async () => {
    const prompts: string[] = [];
    const model = scriptedModel({
      program: ({ context, messages }) => {
        if (context.operator === 'mutation') prompts.push(JSON.stringify({ messages, context }));
        return linearProgram(2);
      },
      before: ({ context }) =>
        context.parents.map(({ id }) => `grep -c AIRA_EVAL_DIR /parents/${id}/solution.py`).join('\n') || 'true',
    });
    const store = await newRun('20260101-000000-linear-aa03', { candidates: 2, workers: 1, drafts: 1, crossover: 0 });
    await (await host(store, model)).run();
    const parent = store.view.candidates.get(1);
    const [prompt = ''] = prompts;
    assert.ok(
      prompt.includes(String(Number(parent?.search?.value.toPrecision(5)))),
      'the rounded search score is shown',
    );
    assert.ok(!prompt.includes(String(parent?.search?.value)), 'the full search score is not');
    assert.ok(!prompt.includes(String(parent?.validation?.value)) && !prompt.includes(String(parent?.test?.value)));
    assert.match(prompt, /"1\\n\[ok/, 'the parent folder was readable in the sandbox');
    await store.close();
  });

  it('goes on when what a person handed in is damaged before its turn comes: that candidate fails, with the reason', async () => {
    const model = scriptedModel({ program: () => linearProgram(2) });
    const store = await newRun('20260101-000000-linear-aa05', { candidates: 2, workers: 1, drafts: 1 });
    const running = await host(store, model);
    const lost = await running.steering.ask('mine', {
      kind: 'submit',
      summary: 'mine',
      files: [{ path: 'solution.py', contentBase64: Buffer.from(linearProgram(3)).toString('base64') }],
    });
    await rm(join(store.paths.directory, 'requests', lost), { recursive: true });
    assert.deepEqual(await running.run(), { kind: 'finished' });
    assert.equal(store.view.candidates.get(1)?.failure?.kind, 'bad_submission');
    assert.equal(store.view.summary.counts.scored, 1);
    await store.close();
  });

  it('evaluates what a person submits, and lets it be a parent', async () => {
    const model = scriptedModel({ program: () => linearProgram(1) });
    const store = await newRun('20260101-000000-linear-aa04', { candidates: 3, workers: 1, drafts: 1, crossover: 0 });
    const running = await host(store, model);
    const program = 'requests/abc';
    await mkdir(join(store.paths.directory, program), { recursive: true });
    await writeFile(join(store.paths.directory, program, 'solution.py'), linearProgram(3));
    await running.search.request('abc', { kind: 'submit', program, summary: 'mine' });
    await running.run();
    const human = [...store.view.candidates.values()].find((candidate) => candidate.operator === 'human');
    assert.equal(human?.state, 'scored');
    assert.equal(human?.author, 'person');
    assert.equal(store.view.summary.selected, human?.id);
    assert.ok([...store.view.candidates.values()].some((candidate) => candidate.parents.includes(human?.id ?? -1)));
    await store.close();
  });
});
