import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench, call, options, scripted, submit, text } from '../../test/support/agentBench.ts';
import { Trajectory } from '../../test/support/trajectory.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import { runAgent } from './loop.ts';
import { type Peers, statedIdea } from './peers.ts';

const look = (reason: string) => [text(reason), call('bash', { command: 'ls' })];

describe('the idea that an agent states', () => {
  it('is the first line that says so, in whatever dress', () => {
    for (const said of [
      'Idea: trees with logs',
      'Well.\n**Idea:** trees with logs\nmore',
      '- *idea* : trees with   logs*',
    ])
      assert.equal(statedIdea(new Trajectory().step({ reason: said }).events), 'trees with logs', said);
    const later = new Trajectory().step({ reason: 'Idea: trees' }).step({ reason: 'Idea: nets' });
    assert.equal(statedIdea(later.events), 'trees');
  });

  it('is not what merely speaks of ideas, until the agent has worked for a while without one', () => {
    const trajectory = new Trajectory();
    for (let step = 1; step <= 4; step += 1) trajectory.step({ reason: `I have no idea: step ${step}` });
    assert.equal(statedIdea(trajectory.events), null);
    assert.equal(statedIdea(trajectory.step({ reason: '\nI fit trees.\nThen I look.' }).events), 'I fit trees.');
  });
});

describe('an agent among others', () => {
  it('hears what others try until it has an idea of its own, each news once', async () => {
    const asked: number[] = [];
    const peers: Peers = {
      news: (step) => {
        asked.push(step);
        return step === 1 ? 'Others try:\n- #3: nets' : null;
      },
      repeated: async () => null,
    };
    const model = scripted([look('first'), look('Idea: trees'), look('on'), [submit()]]);
    const all = options(model, bench().workbench, { peers });
    await runAgent(all);
    assert.deepEqual(asked, [0, 1]);
    assert.deepEqual(
      model.requests.map(({ messages }) => JSON.stringify(messages).includes('#3: nets')),
      [false, true, true, true],
    );
  });

  it('is told once that its program is there already, and may insist', async () => {
    let checks = 0;
    const peers: Peers = {
      news: () => null,
      repeated: async () => {
        checks += 1;
        return { duplicate: { of: 7, similarity: 0.99 }, words: 'nearly the same as #7' };
      },
    };
    const model = scripted([[submit()], look('I change it'), [submit()]]);
    const all = options(model, bench().workbench, { peers });
    const result = await runAgent(all);
    assert.deepEqual([result.reason, result.steps, checks, all.saved.length], ['submitted', 3, 1, 1]);
    assert.match(JSON.stringify(model.requests[1]?.messages), /nearly the same as #7/);
    const told = all.log.events.find((event) => event.type === 'near_duplicate');
    assert.deepEqual(told?.type === 'near_duplicate' && told.duplicate, { of: 7, similarity: 0.99 });
  });

  it('is not held up where it could not submit again', async () => {
    const peers: Peers = {
      news: () => null,
      repeated: async () => ({ duplicate: { of: 7, similarity: 1 }, words: 'the same as #7' }),
    };
    const model = scripted([[submit()]]);
    const all = options(model, bench().workbench, { peers });
    all.context.limits.maxSteps = 1;
    assert.equal((await runAgent(all)).reason, 'submitted');
  });

  it('is not held up in the last turn that its budget has room for, either', async () => {
    const peers: Peers = {
      news: () => null,
      repeated: async () => ({ duplicate: { of: 7, similarity: 1 }, words: 'the same as #7' }),
    };
    const refused = () => {
      throw new BudgetExhaustedError('candidate', 'no room');
    };
    const model = scripted([look('Idea: trees'), refused, [submit()]]);
    const all = options(model, bench().workbench, { peers });
    assert.equal((await runAgent(all)).reason, 'submitted');
    assert.equal(all.saved.length, 1);
  });
});
