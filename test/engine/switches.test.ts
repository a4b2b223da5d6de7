/** Runs with a part of the method switched off, everything real but the model: what changes, and what may not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import pino from 'pino';
import { initialCaveats, RunHost, type RunHostOptions } from '../../server/api/runHost.ts';
import type { OperatorContext } from '../../server/models/operatorContext.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runConfig, runStarted } from '../support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, scriptedModel } from '../support/scriptedModel.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

async function finished(
  id: string,
  model: RunHostOptions['model'],
  change: Parameters<typeof runStarted>[0],
): Promise<RunStore> {
  const config = runConfig({ task: 'linear', workers: 2, ...change });
  const store = await RunStore.create(toy.home, id, {
    ...runStarted(config),
    metric: { name: 'RMSE', direction: 'minimize' },
    caveats: initialCaveats(model.info, config),
  });
  const host = await RunHost.start({ store, task: toy.task, model, venv, log: pino({ level: 'silent' }) });
  assert.deepEqual(await host.run(), { kind: 'finished' });
  return store;
}

describe('a run with a switch', { timeout: 180_000 }, () => {
  it('best-of-k makes drafts that know nothing of each other', async () => {
    const contexts: OperatorContext[] = [];
    const model = scriptedModel({
      program: ({ context, seed }) => {
        contexts.push(context);
        return linearProgram(2 + (seed % 10) / 10);
      },
    });
    const store = await finished('20260101-000000-linear-bb01', model, {
      candidates: 4,
      drafts: 1,
      search: 'best-of-k',
    });
    assert.ok([...store.view.candidates.values()].every(({ operator }) => operator === 'draft'));
    for (const { inFlight, leaders, siblings, populationSize, isolated } of contexts)
      assert.deepEqual([inFlight, leaders, siblings, populationSize, isolated], [[], [], [], 0, true]);
    assert.ok(store.view.summary.caveats.some((caveat) => /best-of-k: no evolution/.test(caveat)));
    assert.match(await readFile(store.paths.report, 'utf8'), /\*\*Switches: best-of-k\.\*\*/);
    await store.close();
  });

  it('random drafts are told what others have tried, and not how they fared', async () => {
    const contexts: OperatorContext[] = [];
    const model = scriptedModel({
      program: ({ context }) => {
        contexts.push(context);
        return linearProgram(3);
      },
    });
    const store = await finished('20260101-000000-linear-bb02', model, {
      candidates: 3,
      workers: 1,
      drafts: 1,
      search: 'random-drafts',
    });
    const last = contexts.at(-1);
    assert.deepEqual(
      last?.siblings.map(({ id, score }) => [id, score]),
      [
        [1, null],
        [2, null],
      ],
    );
    assert.ok(last?.siblings.every(({ summary }) => /program of seed/.test(summary)));
    assert.deepEqual([last?.leaders, last?.populationSize, last?.draftIndex], [[], 0, 2]);
    await store.close();
  });

  it('believes programs where they report their own scores, and tells at the end what they are worth', async () => {
    // The worse the program, the more it boasts.
    const model = scriptedModel({
      program: ({ context }) => {
        const slope = [3, 2, 1][context.draftIndex] ?? 3;
        return context.draftIndex === 3
          ? linearProgram(3)
          : `${linearProgram(slope)}\nprint("local holdout RMSE=${slope / 100}")`;
      },
    });
    const store = await finished('20260101-000000-linear-bb03', model, {
      candidates: 4,
      workers: 1,
      drafts: 4,
      evaluation: 'self-reported',
    });
    const { summary, candidates } = store.view;
    assert.deepEqual(
      [...candidates.values()].map(({ search, failure }) => search?.value ?? failure?.kind),
      [0.03, 0.02, 0.01, 'no_report'],
    );
    assert.equal(summary.selected, 3, 'its own word decides, not validation');
    const [honest, boaster] = [candidates.get(1), candidates.get(3)];
    assert.ok((honest?.hiddenSearch?.value ?? 99) < 5 && (boaster?.hiddenSearch?.value ?? 0) > 50);
    assert.ok((honest?.validation?.value ?? 99) < (boaster?.validation?.value ?? 0));
    assert.ok(!(await readFile(store.paths.events, 'utf8')).split('"unsealed"')[0]?.includes('hiddenSearch'));
    const report = await readFile(store.paths.report, 'utf8');
    assert.match(report, /self-reported evaluation: programs were compared/);
    assert.match(
      report,
      /none: its own word \| who became a parent, and which candidate is selected \| 0\.010000 \(self/,
    );
    await store.close();
  });

  it('takes one answer as one program, without a sandbox of its own, and mends what fails', async () => {
    let asked = 0;
    const prompts: string[] = [];
    const model: RunHostOptions['model'] = {
      info: { id: 'scripted', label: 'a script', isLanguageModel: false, contextTokens: null },
      generate: async ({ context, messages, tools }) => {
        asked += 1;
        assert.deepEqual(
          tools.map(({ name }) => name),
          ['submit_program'],
        );
        prompts.push(JSON.stringify(messages));
        const code = context.operator === 'draft' ? 'raise ValueError("not like this")' : linearProgram(3);
        const call = { type: 'call', id: 'c', name: 'submit_program', arguments: { summary: 'one', code } } as const;
        return {
          parts: [call],
          finish: { kind: 'tool_calls', raw: 'tool_calls' },
          usage: { input: 0, cachedInput: 0, output: 0, thoughts: 0 },
          native: undefined,
          model: 'scripted',
          requestId: null,
        };
      },
    };
    const store = await finished('20260101-000000-linear-bb04', model, {
      candidates: 6,
      workers: 1,
      drafts: 1,
      operators: 'single-turn',
    });
    assert.equal(asked, 6, 'one answer each');
    const mended = [...store.view.candidates.values()].find(
      ({ operator, parents }) =>
        operator === 'mutation' && store.view.candidates.get(parents[0] ?? 0)?.state === 'failed',
    );
    assert.equal(mended?.state, 'scored');
    assert.match(prompts[(mended?.id ?? 1) - 1] ?? '', /ValueError: not like this/);
    await store.close();
  });
});
