import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { call, scripted, type Turn, text } from '../../test/support/agentBench.ts';
import { draftContext } from '../../test/support/operatorContext.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import type { OperatorContext } from '../models/operatorContext.ts';
import { runSingleTurn, type SingleTurnOptions } from './singleTurn.ts';

const program = 'import os\nprint(1)\n';
const answer: Turn = [text('Trees.'), call('submit_program', { summary: 'trees', code: program }, 'c-1')];

function bench(turns: Turn[], change: Partial<SingleTurnOptions> = {}) {
  const model = scripted(turns);
  const events: TrajectoryEvent[] = [];
  const saved: string[] = [];
  const options: SingleTurnOptions = {
    context: draftContext(),
    model,
    seed: 1,
    log: { events, append: async (event) => void events.push(event) },
    execIdPrefix: 'c1',
    runRemainingMs: () => Number.POSITIVE_INFINITY,
    saveProgram: async (files) =>
      void saved.push(...files.map((file) => `${file.path}: ${Buffer.from(file.contentBase64, 'base64')}`)),
    entryFile: 'solution.py',
    signal: new AbortController().signal,
    ...change,
  };
  return { options, model, events, saved };
}

describe('a single-turn operator', () => {
  it('makes one answer one whole program', async () => {
    const { options, model, events, saved } = bench([answer]);
    assert.deepEqual(await runSingleTurn(options), { reason: 'submitted', detail: 'trees', steps: 1 });
    assert.deepEqual(saved, [`solution.py: ${program}`]);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['started', 'model', 'observation', 'ended'],
    );
    const [request] = model.requests;
    assert.deepEqual(
      request?.tools.map(({ name }) => name),
      ['submit_program'],
    );
    assert.doesNotMatch(request?.system ?? '', /`bash`|\/workspace|\/parents/);
  });

  it('takes a program that stands in the words, the longest if there are several', async () => {
    const words = `Like so:\n\`\`\`bash\nls\n\`\`\`\nand\n\`\`\`python\n${program}\`\`\`\n`;
    const { options, saved } = bench([[text(words)]]);
    const result = await runSingleTurn(options);
    assert.deepEqual([result.reason, result.detail], ['submitted', 'Like so: and']);
    assert.deepEqual(saved, [`solution.py: ${program}`]);
  });

  it('ends without a program where the answer holds none', async () => {
    for (const [turn, why] of [
      [[text('I cannot.')], /held no program/],
      [[call('submit_program', { summary: 'x' })], /code/],
      [[call('bash', { command: 'ls' })], /bash/],
    ] as const) {
      const { options, saved } = bench([[...turn]]);
      const { reason, detail } = await runSingleTurn(options);
      assert.equal(reason, 'malformed_calls');
      assert.match(detail, why);
      assert.deepEqual(saved, []);
    }
  });

  it('does not ask again for an answer that is in the log', async () => {
    const first = bench([answer]);
    await runSingleTurn(first.options);
    const events = first.events.slice(0, 2);
    const second = bench([], { log: { events, append: async (event) => void events.push(event) } });
    assert.equal((await runSingleTurn(second.options)).detail, 'trees');
    assert.deepEqual(second.saved, [`solution.py: ${program}`]);
    assert.equal(second.model.requests.length, 0);
    // And once it has ended nothing more happens.
    const count = events.length;
    assert.equal((await runSingleTurn(second.options)).reason, 'submitted');
    assert.equal(events.length, count);
  });

  it('ends like any other where the budget has no room, and stops the run where no candidate would have', async () => {
    const refused = (scope: 'run' | 'candidate') => () => {
      throw new BudgetExhaustedError(scope, 'no room', {
        limits: { tokens: null, costUsd: 0.01 },
        needed: { tokens: 0, costUsd: 0.3 },
      });
    };
    assert.equal((await runSingleTurn(bench([refused('run')]).options)).reason, 'run_budget');
    await assert.rejects(runSingleTurn(bench([refused('candidate')]).options), {
      name: 'BudgetTooSmallError',
      message: /\$0\.01.*\$0\.3 .*--candidate-cost/,
    });
  });

  it('ends in a replay where its time was up when it was recorded', async () => {
    const recordedTurns = { isLast: () => false, isOver: () => true, cutOffMs: () => null };
    const { options, model } = bench([], { recordedTurns });
    assert.equal((await runSingleTurn(options)).reason, 'time_limit');
    assert.deepEqual(model.requests, []);
  });

  it('is told what a failed parent printed, and to mend it', async () => {
    const context: OperatorContext = draftContext({
      operator: 'mutation',
      parents: [
        {
          id: 7,
          summary: 'trees',
          author: 'test',
          program: { 'solution.py': 'print(x)\n' },
          score: null,
          standardError: null,
          rank: null,
          failure: 'program_error: exit 1',
          runtimeS: 3,
          runtimeCapS: 60,
          logTail: "NameError: name 'x' is not defined",
        },
      ],
    });
    const { options, model } = bench([answer], { context });
    await runSingleTurn(options);
    const prompt = JSON.stringify(model.requests[0]?.messages);
    for (const words of ['mend one program', 'NameError', 'print(x)', 'program_error'])
      assert.ok(prompt.includes(words), words);
  });
});
