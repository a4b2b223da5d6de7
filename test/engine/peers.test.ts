/** Agents that work side by side, everything real but the model: ideas reach the others at once, a repeated program is held up once. */
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { RunHost, type RunHostOptions } from '../../server/api/runHost.ts';
import type { GenerateRequest } from '../../server/models/chatModel.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, writeProgram } from '../support/scriptedModel.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

type Said = { reason: string; tool: 'bash' | 'submit'; args: Record<string, string> };

/** @param say what an agent says in a turn, from 0 */
function model(say: (request: GenerateRequest, turn: number) => Promise<Said>): RunHostOptions['model'] {
  return {
    info: { id: 'scripted', label: 'a script', isLanguageModel: false, contextTokens: null },
    generate: async (request) => {
      const turn = request.messages.filter(({ role }) => role === 'model').length;
      const { reason, tool, args } = await say(request, turn);
      return {
        parts: [
          { type: 'text', text: reason },
          { type: 'call', id: `call-${turn}`, name: tool, arguments: args },
        ],
        finish: { kind: 'tool_calls', raw: 'tool_calls' },
        usage: { input: 0, cachedInput: 0, output: 0, thoughts: 0 },
        native: undefined,
        model: 'scripted',
        requestId: null,
      };
    },
  };
}

const write = (reason: string, slope: number): Said => ({
  reason,
  tool: 'bash',
  args: { command: writeProgram(linearProgram(slope)) },
});
const submit: Said = { reason: 'I submit it.', tool: 'submit', args: { summary: 'a line' } };

async function newRun(id: string, change: Parameters<typeof runStarted>[0]): Promise<RunStore> {
  return RunStore.create(toy.home, id, {
    ...runStarted({ task: 'linear', ...change }),
    metric: { name: 'RMSE', direction: 'minimize' },
  });
}

const host = (store: RunStore, own: RunHostOptions['model']) =>
  RunHost.start({ store, task: toy.task, model: own, venv, log: pino({ level: 'silent' }) });

describe('agents that work side by side', { timeout: 180_000 }, () => {
  it('hear of an idea as soon as it is stated, on disk before', async () => {
    const store = await newRun('20260101-000000-linear-cc01', { candidates: 2, workers: 2, drafts: 2 });
    const heard: string[] = [];
    const own = model(async ({ context, messages }, turn) => {
      // The first states its idea; the second looks around until it has heard of it.
      if (context.draftIndex === 0) {
        if (turn === 0) return write('Idea: a line of slope 3', 3);
        for (const until = Date.now() + 60_000; heard.length === 0 && Date.now() < until; ) await sleep(20);
        return submit;
      }
      const notice = /Others at work have said[^"]*/.exec(JSON.stringify(messages))?.[0];
      if (notice === undefined) {
        await sleep(50);
        return { reason: 'I look.', tool: 'bash', args: { command: `ls ${turn}` } };
      }
      if (heard.length === 0) {
        heard.push(notice);
        assert.equal(store.view.candidates.get(1)?.idea, 'a line of slope 3');
        return write('Idea: another', 2);
      }
      return submit;
    });
    await (await host(store, own)).run();
    assert.match(heard[0] ?? '', /#1 \(draft\): a line of slope 3/);
    assert.equal(store.view.candidates.get(2)?.idea, 'another');
    assert.equal(store.view.summary.counts.scored, 2);
    await store.close();
  });

  it('are told once that their program is there already; the run counts those who change it and those who insist', async () => {
    const store = await newRun('20260101-000000-linear-cc02', { candidates: 3, workers: 1, drafts: 3 });
    const own = model(async ({ context, messages }, turn) => {
      if (turn === 0) return write('A line.', 3);
      const wasTold = JSON.stringify(messages).includes('this is the same program as #1');
      // The second changes its program, the third insists.
      if (wasTold && context.draftIndex === 1 && turn === 2)
        return { reason: 'Another then.', tool: 'bash', args: { command: writeProgram(another) } };
      return submit;
    });
    const running = await host(store, own);
    await running.run();
    const { summary, candidates } = store.view;
    assert.deepEqual(summary.nearDuplicates, { told: 2, submitted: 1 });
    assert.equal(candidates.get(2)?.nearDuplicate, undefined);
    assert.deepEqual(candidates.get(3)?.nearDuplicate, { of: 1, similarity: 1 });
    assert.equal(summary.counts.scored, 3);
    await access(store.paths.sketches);
    await store.close();
  });
});

const another = `import math
${linearProgram(2.5)}
total = 0
for index in range(10):
    total += math.sqrt(index) * 3 + index ** 2 - len(rows)
print("sums", total, [math.floor(total / (1 + index)) for index in range(5)])`;
