import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { bash, bench, call, options, scripted, solution, submit } from '../../test/support/agentBench.ts';
import { draftContext } from '../../test/support/operatorContext.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import { ChatModelError } from '../models/chatModel.ts';
import { BudgetTooSmallError, InterruptedError, ProviderStoppedError } from './limits.ts';
import { runAgent } from './loop.ts';
import { messagesOf } from './transcript.ts';

const observations = (events: readonly TrajectoryEvent[]) =>
  events.flatMap((event) => (event.type === 'observation' ? [event.observation] : []));

describe('the ReAct loop', () => {
  it('acts, observes, and ends with the program that was submitted', async () => {
    const model = scripted([[{ type: 'text', text: 'look first' }, bash('ls')], [submit()]]);
    const { ran, workbench } = bench();
    const given = options(model, workbench);
    const result = await runAgent(given);
    assert.deepEqual(result, { reason: 'submitted', detail: 'a program', steps: 2 });
    assert.deepEqual(given.saved, [[solution]]);
    assert.deepEqual(
      ran.map((one) => one.execId),
      ['c1-1-0'],
    );
    assert.equal(given.log.events.at(-1)?.type, 'ended');
  });

  it('tells duration, step and time left with every observation', async () => {
    const given = options(scripted([[bash('ls')], [submit()]]), bench().workbench);
    await runAgent(given);
    assert.match(observations(given.log.events)[0]?.text ?? '', /^did ls\n\[ok · 1\.2 s · step 1\/20 · 10 min left\]$/);
  });

  it('answers a bad call with its schema, and gives up after three in a row', async () => {
    const given = options(
      scripted([[call('bash', { cmd: 'ls' })], [call('rm', {})], [call('python', {})]]),
      bench().workbench,
    );
    const result = await runAgent(given);
    assert.equal(result.reason, 'malformed_calls');
    assert.match(observations(given.log.events)[0]?.text ?? '', /command.*Schema/s);
    assert.match(observations(given.log.events)[1]?.text ?? '', /no tool "rm"/);
  });

  it('nudges a model that calls no tool once, then ends', async () => {
    const given = options(
      scripted([[{ type: 'text', text: 'hm' }], [{ type: 'text', text: 'hm' }]]),
      bench().workbench,
    );
    assert.equal((await runAgent(given)).reason, 'no_tool_call');
    assert.equal(given.log.events.filter((event) => event.type === 'notice').length, 1);
  });

  it('does not take a folder without the file that the task runs, and says what is in it', async () => {
    const given = options(scripted([[submit('/other')], [submit('/empty')], [submit()]]), bench().workbench);
    assert.equal((await runAgent(given)).reason, 'submitted');
    const [first, second] = observations(given.log.events);
    assert.match(first?.text ?? '', /no solution\.py/);
    assert.match(second?.text ?? '', /does not exist/);
  });

  it('offers nothing but submit on the last step', async () => {
    const context = draftContext();
    context.limits.maxSteps = 2;
    const model = scripted([[bash('ls')], [submit()]]);
    await runAgent(options(model, bench().workbench, { context }));
    assert.deepEqual(
      model.requests.map((request) => [request.toolMode, request.tools.length]),
      [
        ['auto', 3],
        ['required', 1],
      ],
    );
    assert.match(JSON.stringify(model.requests[1]?.messages), /last turn/);
  });

  it('never lets a tool call outlive the time that is left', async () => {
    const { ran, workbench } = bench();
    await runAgent(
      options(scripted([[call('bash', { command: 'train', timeout_s: 99_999 })], [submit()]]), workbench, {
        runRemainingMs: () => 90_000,
      }),
    );
    assert.equal(ran[0]?.timeoutMs, 90_000);
  });

  it('follows a recording where its time ran out, whatever the clock says', async () => {
    const { ran, workbench } = bench();
    const model = scripted([[bash('train')], [submit('/other')], [bash('too late')]]);
    const given = options(model, workbench, {
      runRemainingMs: () => 10,
      recordedTurns: {
        isLast: (step) => step === 1,
        isOver: (step) => step === 2,
        cutOffMs: (step, index) => (step === 1 && index === 0 ? 1500 : null),
      },
    });
    assert.equal((await runAgent(given)).reason, 'time_limit');
    assert.deepEqual(
      ran.map(({ text, timeoutMs }) => [text, timeoutMs]),
      [['train', 1500]],
    );
    assert.deepEqual(
      model.requests.map(({ tools }) => tools.length),
      [3, 1],
    );
    const turns = given.log.events.flatMap((event) => (event.type === 'model' ? [event.isLast] : []));
    assert.deepEqual(turns, [undefined, true]);
  });

  it('resumes with exactly the messages it had, and does not repeat what was answered', async () => {
    const whole = options(scripted([[bash('one')], [bash('two')], [submit()]]), bench().workbench);
    await runAgent(whole);
    const cut = whole.log.events.slice(0, 3);
    const model = scripted([[bash('two')], [submit()]]);
    const { ran, workbench } = bench();
    const events = [...cut];
    await runAgent(options(model, workbench, { log: { events, append: async (event) => void events.push(event) } }));
    assert.deepEqual(
      ran.map((one) => one.text),
      ['two'],
    );
    assert.deepEqual(model.requests[0]?.messages, messagesOf(cut));
  });

  it('asks again for a call cut off by a crash where the sandbox is still there, under the same id', async () => {
    const whole = options(scripted([[bash('one')], [submit()]]), bench().workbench);
    await runAgent(whole);
    const events = whole.log.events.slice(0, 2);
    const { ran, workbench } = bench({}, true);
    await runAgent(
      options(scripted([[submit()]]), workbench, { log: { events, append: async (event) => void events.push(event) } }),
    );
    assert.deepEqual(
      ran.map((one) => one.execId),
      ['c1-1-0'],
    );
  });

  it('never runs a call again in a fresh sandbox: it says that the old one is gone', async () => {
    const whole = options(scripted([[bash('one')], [submit()]]), bench().workbench);
    await runAgent(whole);
    const events = whole.log.events.slice(0, 2);
    const { ran, workbench } = bench({}, false);
    await runAgent(
      options(scripted([[submit()]]), workbench, { log: { events, append: async (event) => void events.push(event) } }),
    );
    assert.deepEqual(ran, []);
    assert.equal(observations(events)[0]?.outcome, 'interrupted');
  });

  it('knows a submission whose last lines were lost', async () => {
    const whole = options(scripted([[submit()]]), bench().workbench);
    await runAgent(whole);
    const events = whole.log.events.slice(0, 3);
    assert.equal(events.at(-1)?.type, 'observation');
    const result = await runAgent(
      options(scripted([]), bench().workbench, { log: { events, append: async (event) => void events.push(event) } }),
    );
    assert.deepEqual(result, { reason: 'submitted', detail: 'a program', steps: 1 });
  });

  it('stops the run, not the candidate, when the key is refused', async () => {
    const model = scripted([
      () => {
        throw new ChatModelError('auth', 'key refused');
      },
    ]);
    await assert.rejects(runAgent(options(model, bench().workbench)), ProviderStoppedError);
  });

  it('waits out an overloaded provider without its clock running', async () => {
    let clock = 0;
    const model = scripted([
      () => {
        throw new ChatModelError('overloaded', 'busy', { retryAfterMs: 5 });
      },
      [bash('ls')],
      [submit()],
    ]);
    const given = options(model, bench().workbench, { now: () => clock });
    clock = 10;
    assert.equal((await runAgent(given)).reason, 'submitted');
    assert.equal(given.log.events.filter((event) => event.type === 'model').length, 2);
  });

  it('has a call end with its own time, and hands in what there is', async () => {
    const model = scripted([
      [bash('ls')],
      () => {
        throw new ChatModelError('out_of_time', 'time was up');
      },
    ]);
    const given = options(model, bench().workbench, { now: () => 0, runRemainingMs: () => 100_000 });
    assert.equal((await runAgent(given)).reason, 'time_limit');
    assert.deepEqual(
      model.requests.map(({ limitMs }) => limitMs?.()),
      [220_000, 220_000],
      'and somewhat more, to finish a last turn',
    );
  });

  describe('without room in a budget', () => {
    const refused = (scope: 'run' | 'candidate') => () => {
      throw new BudgetExhaustedError(scope, 'no room', {
        limits: { tokens: 5000, costUsd: null },
        needed: { tokens: 61_000, costUsd: 0 },
      });
    };
    const paid = { parts: [bash('ls')], usage: { input: 10, cachedInput: 0, output: 1, thoughts: 0 } };

    it('has the last turn that was held back', async () => {
      const model = scripted([paid, refused('candidate'), [submit()]]);
      assert.equal((await runAgent(options(model, bench().workbench))).reason, 'submitted');
      assert.equal(model.requests[2]?.toolMode, 'required');
    });

    it('ends when there is none for that either', async () => {
      for (const [scope, reason] of [
        ['run', 'run_budget'],
        ['candidate', 'budget_limit'],
      ] as const) {
        const model = scripted([paid, refused(scope), refused(scope)]);
        assert.equal((await runAgent(options(model, bench().workbench))).reason, reason);
      }
    });

    it('stops the run where a candidate may take less than its first turn', async () => {
      const given = options(scripted([refused('candidate')]), bench().workbench);
      await assert.rejects(runAgent(given), (error) => {
        assert.ok(error instanceof BudgetTooSmallError);
        assert.match(error.message, /5.0 k tokens.*first turn.*61 k tokens.*--candidate-tokens/);
        return true;
      });
      assert.notEqual(given.log.events.at(-1)?.type, 'ended', 'nothing is its fault');
    });

    it('fails a candidate whose first turn is longer than that of the first draft', async () => {
      for (const context of [draftContext({ operator: 'crossover' }), draftContext({ draftIndex: 7 })]) {
        const model = scripted([refused('candidate'), refused('candidate')]);
        assert.equal((await runAgent(options(model, bench().workbench, { context }))).reason, 'budget_limit');
      }
    });
  });

  it('leaves a log that can be resumed when it is interrupted', async () => {
    const control = new AbortController();
    const model = scripted([
      () => {
        control.abort();
        return [bash('ls')];
      },
    ]);
    const { workbench } = bench({ ls: { outcome: 'interrupted', text: '', fullTextPath: null, durationMs: 1 } });
    const given = options(model, workbench, { signal: control.signal });
    await assert.rejects(runAgent(given), InterruptedError);
    assert.notEqual(given.log.events.at(-1)?.type, 'ended');
  });
});
