/** Agents that never submit, in real sandboxes: what the engine has seen run to its end is handed in for them, and nothing else. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import pino from 'pino';
import { StoredTrajectory } from '../../server/agent/trajectoryLog.ts';
import { RunHost } from '../../server/api/runHost.ts';
import type { ChatModel } from '../../server/models/chatModel.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, writeProgram } from '../support/scriptedModel.ts';

let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

/** Runs these commands, one in each step, and then does nothing of use until its steps are used up. */
function idler(commands: string[]): ChatModel {
  return {
    info: { id: 'idler', label: 'an idler', isLanguageModel: false, contextTokens: null },
    generate: async ({ messages }) => {
      const turn = messages.filter(({ role }) => role === 'model').length;
      const command = commands[turn] ?? `echo ${turn}`;
      return {
        parts: [
          { type: 'text', text: `thought ${turn + 1}` },
          { type: 'call', id: `call-${turn}`, name: 'bash', arguments: { command } },
        ],
        finish: { kind: 'tool_calls', raw: 'tool_calls' },
        usage: { input: 0, cachedInput: 0, output: 0, thoughts: 0 },
        native: undefined,
        model: 'idler',
        requestId: null,
      };
    },
  };
}

async function candidateOf(id: string, commands: string[]) {
  const config = { task: 'linear', candidates: 1, workers: 1, drafts: 1, maxSteps: commands.length + 1 };
  const store = await RunStore.create(toy.home, id, {
    ...runStarted(config),
    metric: { name: 'RMSE', direction: 'minimize' },
  });
  const host = await RunHost.start({
    store,
    task: toy.task,
    model: idler(commands),
    venv,
    log: pino({ level: 'silent' }),
  });
  await host.run();
  const candidate = store.view.candidates.get(1);
  const events = await StoredTrajectory.read(store.candidatePaths(1).trajectory);
  const rehearsed = events.filter(({ type }) => type === 'rehearsed').length;
  await store.close();
  return { candidate, rehearsed, store };
}

describe('an agent that never submits', { timeout: 180_000 }, () => {
  it('has the last program submitted that ran to its end, not the one it broke afterwards', async () => {
    const { candidate, rehearsed, store } = await candidateOf('20260103-000000-linear-c001', [
      `${writeProgram(linearProgram(2.9))}\ncd /workspace/program && python solution.py | tail -1`,
      `cd /workspace && ${writeProgram('raise ValueError("a bad idea")')}`,
      'cd program; python solution.py',
      'echo "the program prints nothing" > notes.txt; cat solution.py',
    ]);
    assert.equal(candidate?.state, 'scored', JSON.stringify(candidate?.failure));
    assert.equal(candidate?.autosubmitted, true);
    assert.equal(candidate?.summary, 'thought 1');
    assert.equal(rehearsed, 1);
    assert.match(await readFile(`${store.candidatePaths(1).program}/solution.py`, 'utf8'), /2\.9 \* float/);
    const report = await readFile(store.paths.report, 'utf8');
    assert.match(report, /ended without submitting/);
    assert.match(report, /autosubmitted/);
  });

  it('has nothing submitted where no run has written predictions: an old file does not count', async () => {
    const { candidate, rehearsed } = await candidateOf('20260103-000000-linear-c002', [
      `${writeProgram('print("I predict nothing")')}`,
      'echo id,y > /workspace/out/predictions.csv; touch -d "1 hour ago" /workspace/out/predictions.csv',
      'python /workspace/program/solution.py',
    ]);
    assert.equal(rehearsed, 0);
    assert.equal(candidate?.state, 'failed');
    assert.equal(candidate?.failure?.kind, 'no_submission');
    assert.equal(candidate?.autosubmitted, undefined);
  });
});
