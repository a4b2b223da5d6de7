import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { bash, bench, options, rehearsals, scripted, submit, type Turn, text } from '../../test/support/agentBench.ts';
import { draftContext } from '../../test/support/operatorContext.ts';
import { BudgetExhaustedError } from '../models/budget/budget.ts';
import { ChatModelError, type FinishKind, type GenerateResponse, type MessagePart } from '../models/chatModel.ts';
import { runAgent } from './loop.ts';
import { activeMsOf, messagesOf, stepsOf } from './transcript.ts';

const unusable = (kind: FinishKind, parts: MessagePart[] = []): Partial<GenerateResponse> => ({
  parts,
  finish: { kind, raw: kind.toUpperCase() },
  usage: { input: 100, cachedInput: 0, output: 7, thoughts: 0 },
});
const tooLong: Turn = () => {
  throw new ChatModelError('context_overflow', 'too many tokens');
};
const ofType = <T extends TrajectoryEvent['type']>(events: readonly TrajectoryEvent[], type: T) =>
  events.filter((event): event is Extract<TrajectoryEvent, { type: T }> => event.type === type);
/** A command whose output has about so many tokens. */
const big = (tokens: number) => bash(`big ${tokens} ${Math.random()} ${'y'.repeat(tokens * 4)}`);

describe('answers that cannot be used', () => {
  it('are drawn again twice with another seed, cost written down, unseen by the agent', async () => {
    const model = scripted([unusable('malformed'), unusable('blocked'), [bash('ls')], [submit()]]);
    const given = options(model, bench().workbench);
    assert.deepEqual(await runAgent(given), { reason: 'submitted', detail: 'a program', steps: 2 });
    assert.deepEqual(
      model.requests.map(({ seed, caller }) => [seed, caller?.step, caller?.attempt]),
      [
        [1, 1, 0],
        [2, 1, 1],
        [3, 1, 2],
        [1, 2, 0],
      ],
    );
    assert.deepEqual(model.requests[2]?.messages, model.requests[0]?.messages);
    const discarded = ofType(given.log.events, 'discarded');
    assert.deepEqual(
      discarded.map(({ cause, usage, step }) => [cause, usage.output, step]),
      [
        ['malformed', 7, 1],
        ['blocked', 7, 1],
      ],
    );
  });

  it('then are told to the agent, which must call a tool; three in a row end it', async () => {
    const bad = unusable('malformed');
    const model = scripted([bad, bad, bad, [bash('ls')], ...Array.from({ length: 9 }, () => bad)]);
    const given = options(model, bench().workbench);
    const result = await runAgent(given);
    assert.equal(result.reason, 'malformed_calls');
    assert.equal(model.requests.length, 13, 'three draws for each of four bad steps, and one good one');
    assert.deepEqual(
      model.requests.map(({ toolMode }) => toolMode),
      [...Array(3).fill('auto'), 'required', ...Array(3).fill('auto'), ...Array(6).fill('required')],
    );
    assert.match(JSON.stringify(model.requests[3]?.messages), /could not be used \(MALFORMED\)/);
  });

  it('count on after a crash: no draw is given twice', async () => {
    const bad = unusable('malformed');
    const first = options(scripted([bad, bad, bad, [bash('ls')], [submit()]]), bench().workbench);
    await runAgent(first);
    const cut = first.log.events.slice(0, 3);
    assert.equal(cut.at(-1)?.type, 'discarded');
    const model = scripted([bad, [submit()]]);
    const events = [...cut];
    await runAgent(
      options(model, bench().workbench, { log: { events, append: async (event) => void events.push(event) } }),
    );
    assert.deepEqual(
      model.requests.map(({ caller }) => caller?.attempt),
      [2, 0],
    );
  });

  it('withheld for good end the trajectory, not the run', async () => {
    const given = options(scripted(Array(3).fill(unusable('blocked'))), bench().workbench);
    const result = await runAgent(given);
    assert.equal(result.reason, 'failed');
    assert.match(result.detail, /withheld 3 answers/);
  });

  it('cut off by their length are not drawn again: the agent hears what to do', async () => {
    const model = scripted([unusable('length', [text('half a')]), [submit()]]);
    const given = options(model, bench().workbench);
    await runAgent(given);
    assert.equal(ofType(given.log.events, 'discarded').length, 0);
    assert.match(JSON.stringify(model.requests[1]?.messages), /too long: write large files in several calls/);
  });

  it('that break off are asked for again, and their cost is kept', async () => {
    const model = scripted([unusable('incomplete'), [submit()]]);
    const given = options(model, bench().workbench);
    await runAgent(given);
    assert.deepEqual(
      ofType(given.log.events, 'discarded').map(({ cause }) => cause),
      ['incomplete'],
    );
    assert.equal(model.requests[1]?.caller?.attempt, 0, 'it is the same draw');
  });
});

describe('a call', () => {
  it('has no more time than its run when it is sent, however long it has waited for that', async () => {
    let left = 100_000;
    const limits: (number | undefined)[] = [];
    const turn: Turn = ({ limitMs }) => {
      limits.push(limitMs?.());
      left = 30_000;
      limits.push(limitMs?.());
      left = -1;
      limits.push(limitMs?.());
      return [submit()];
    };
    await runAgent(options(scripted([turn]), bench().workbench, { runRemainingMs: () => left }));
    assert.deepEqual(limits, [220_000, 150_000, 120_000], 'and enough to finish a last turn');
  });
});

describe('a trajectory in circles', () => {
  it('is told once, and ended when it goes on', async () => {
    const given = options(scripted(Array.from({ length: 9 }, () => [bash('ls')])), bench().workbench);
    const result = await runAgent(given);
    assert.deepEqual([result.reason, result.steps], ['looping', 5]);
    assert.deepEqual(
      ofType(given.log.events, 'notice').map(({ kind, step }) => [kind, step]),
      [['looping', 3]],
    );
  });
});

describe('a conversation that grows long', () => {
  const roomy = draftContext({ limits: { ...draftContext().limits, maxSteps: 60 } });
  const steps = (count: number, tokens: number): Turn[] => Array.from({ length: count }, () => [big(tokens)]);

  it('has its old outputs masked in one batch, and the same words are read after a crash', async () => {
    const model = scripted([...steps(20, 5000), [submit()]], { contextTokens: 1_000_000 });
    const given = options(model, bench().workbench, { context: roomy });
    await runAgent(given);
    const masks = ofType(given.log.events, 'compacted');
    assert.deepEqual(
      masks.map(({ how, why }) => [how, why]),
      [['masked', 'budget']],
      JSON.stringify(masks),
    );
    const at = given.log.events.findIndex((event) => event.type === 'compacted');
    const step = ofType(given.log.events.slice(0, at), 'model').length;
    assert.deepEqual(model.requests[step]?.messages, messagesOf(given.log.events.slice(0, at + 1)));
  });

  it('is summed up by the model itself; older notes are before its eyes when it does so again', async () => {
    const note = (words: string): Turn => [text(`<state_snapshot>${words}</state_snapshot>`)];
    const turns: Turn[] = [];
    const model = scripted(turns, { contextTokens: 40_000 });
    const answer = model.generate.bind(model);
    let notes = 0;
    let acts = 0;
    model.generate = (request) => {
      if (request.caller?.purpose === 'snapshot') {
        notes += 1;
        turns.push(note(`notes ${notes}`));
      } else {
        acts += 1;
        turns.push(acts === 30 ? [submit()] : [text('think'), big(900)]);
      }
      return answer(request);
    };
    const given = options(model, bench().workbench, { context: roomy });
    assert.equal((await runAgent(given)).reason, 'submitted');
    assert.ok(notes >= 2, `${notes} snapshots`);
    const asked = model.requests.filter(({ caller }) => caller?.purpose === 'snapshot');
    assert.ok(asked.every(({ toolMode }) => toolMode === 'none'));
    assert.match(JSON.stringify(asked[1]?.messages), /notes 1/);
    const last = JSON.stringify(model.requests.at(-1)?.messages);
    assert.match(last, new RegExp(`notes ${notes}`));
    assert.match(last, /What the engine knows of your work so far.*Now: step/s);
    for (const event of ofType(given.log.events, 'compacted')) assert.ok(event.tokensAfter < event.tokensBefore);
    assert.equal(stepsOf(given.log.events), 30, 'snapshots are no steps');
  });

  it('goes on without notes where they save nothing, and does not ask for them again', async () => {
    let asked = 0;
    let clock = 0;
    const model = scripted(
      Array.from(
        { length: 60 },
        (): Turn =>
          ({ caller, messages }) => {
            if (caller?.purpose !== 'snapshot')
              return JSON.stringify(messages).includes('30/60') ? [submit()] : [big(900)];
            asked += 1;
            clock += 30_000;
            return [text('z'.repeat(400_000))];
          },
      ),
      { contextTokens: 40_000 },
    );
    const given = options(model, bench().workbench, { context: roomy, now: () => clock });
    assert.equal((await runAgent(given)).reason, 'submitted');
    assert.equal(asked, 1);
    assert.equal(Math.round(activeMsOf(given.log.events)), 30_000, 'the time that they took counts once');
    assert.ok(ofType(given.log.events, 'compacted').filter(({ how }) => how === 'cut').length >= 2);
    assert.deepEqual(
      ofType(given.log.events, 'discarded').map(({ cause }) => cause),
      ['snapshot'],
    );
  });

  it('goes on without notes where the budget has no room for them', async () => {
    const refused: Turn = () => {
      throw new BudgetExhaustedError('run', 'no room');
    };
    const turns: Turn[] = [];
    const model = scripted(turns, { contextTokens: 40_000 });
    const answer = model.generate.bind(model);
    let acts = 0;
    model.generate = (request) => {
      if (request.caller?.purpose !== 'snapshot') acts += 1;
      const act: Turn = acts === 30 ? [submit()] : [text('think'), big(900)];
      turns.push(request.caller?.purpose === 'snapshot' ? refused : act);
      return answer(request);
    };
    const given = options(model, bench().workbench, { context: roomy });
    assert.deepEqual(await runAgent(given), { reason: 'submitted', detail: 'a program', steps: 30 });
    assert.ok(ofType(given.log.events, 'compacted').some(({ how }) => how === 'cut'));
    assert.deepEqual(ofType(given.log.events, 'notice'), [], 'no turn was the last before its time');
  });

  it('ends with its time also where that runs out in a snapshot', async () => {
    const turns: Turn[] = [];
    const model = scripted(turns, { contextTokens: 40_000 });
    const answer = model.generate.bind(model);
    model.generate = (request) => {
      if (request.caller?.purpose === 'snapshot') throw new ChatModelError('out_of_time', 'time was up');
      turns.push([text('think'), big(900)]);
      return answer(request);
    };
    const given = options(model, bench().workbench, { context: roomy });
    assert.equal((await runAgent(given)).reason, 'time_limit');
    assert.deepEqual(ofType(given.log.events, 'discarded'), []);
  });

  it('is shortened without any model when the provider calls it too long, and fails only when nothing is left', async () => {
    const model = scripted([[big(500)], [big(500)], [big(500)], tooLong, tooLong, [submit()]]);
    const given = options(model, bench().workbench);
    assert.equal((await runAgent(given)).reason, 'submitted');
    const cuts = ofType(given.log.events, 'compacted');
    assert.deepEqual(
      cuts.map(({ why, snapshot }) => [why, snapshot]),
      [
        ['overflow', undefined],
        ['overflow', undefined],
      ],
    );
    const sizes = model.requests.slice(3).map(({ messages }) => JSON.stringify(messages).length);
    assert.ok((sizes[0] ?? 0) > (sizes[1] ?? 0) && (sizes[1] ?? 0) > (sizes[2] ?? 0), String(sizes));

    for (const { parkedMs } of cuts) assert.ok(parkedMs !== undefined, 'a refused call is no work of the agent');

    const hopeless = options(scripted([[bash('a')], ...Array.from({ length: 20 }, () => tooLong)]), bench().workbench);
    const result = await runAgent(hopeless);
    assert.equal(result.reason, 'failed');
    assert.match(result.detail, /longer context/);
  });
});

describe('an agent that never submits', () => {
  const twoSteps = draftContext({ limits: { ...draftContext().limits, maxSteps: 2 } });
  const run = bash('cd /workspace/program && python solution.py');

  it('hands in the program that the engine has seen run to its end, and says so', async () => {
    const given = options(scripted([[text('A ridge.'), run], [bash('ls')]]), bench().workbench, {
      context: twoSteps,
      rehearsals: rehearsals(),
    });
    const result = await runAgent(given);
    assert.equal(result.reason, 'step_limit');
    assert.equal(result.autosubmitted, 'A ridge.');
    assert.equal(given.saved.length, 1);
    const ended = given.log.events.at(-1);
    assert.ok(ended?.type === 'ended' && ended.autosubmitted === true);
    assert.deepEqual(await runAgent(given), result, 'a resumed log tells the same');
  });

  it('hands in nothing where no predictions were written, or the run failed', async () => {
    const stale = options(scripted([[run], [bash('ls')]]), bench({}, true, () => false).workbench, {
      context: twoSteps,
      rehearsals: rehearsals(),
    });
    assert.equal((await runAgent(stale)).autosubmitted, undefined);
    const command = 'cd /workspace/program && python solution.py';
    const crashed = bench({ [command]: { outcome: 'error', text: 'boom', fullTextPath: null, durationMs: 1 } });
    const failing = options(scripted([[run], [bash('ls')]]), crashed.workbench, {
      context: twoSteps,
      rehearsals: rehearsals(),
    });
    assert.equal((await runAgent(failing)).autosubmitted, undefined);
    assert.deepEqual(failing.saved, []);
  });

  it('asks for a file as young as the call that should have written it', async () => {
    const ages: number[] = [];
    const { workbench } = bench({}, true, ({ path, withinMs }) => {
      assert.equal(path, '/workspace/out/predictions.csv');
      ages.push(withinMs);
      return true;
    });
    await runAgent(options(scripted([[run], [submit()]]), workbench, { rehearsals: rehearsals() }));
    assert.deepEqual(ages, [6200]);
  });
});
