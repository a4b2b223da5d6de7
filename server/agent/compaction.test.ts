import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compacted, Trajectory } from '../../test/support/trajectory.ts';
import { contextBudget, horizonOf, maskedText, planAfterOverflow, planCut, planMask } from './compaction.ts';
import { messagesOf } from './transcript.ts';

/** An output of about so many tokens. */
const output = (tokens: number) => 'x'.repeat(tokens * 4);

function steps(count: number, tokens: number): Trajectory {
  const trajectory = new Trajectory();
  for (let step = 1; step <= count; step += 1) trajectory.step({ text: output(tokens) });
  return trajectory;
}

const shown = (trajectory: Trajectory) => JSON.stringify(messagesOf(trajectory.events));

describe('masking', () => {
  const budget = contextBudget(1_000_000, []);

  it('waits until a whole batch can go, so that a cached prefix changes rarely', () => {
    assert.equal(planMask(steps(7, 10_000).events, budget, 1), null);
    const plan = planMask(steps(9, 10_000).events, budget, 1);
    assert.equal(plan?.maskedThrough, 5, 'the newest 50 000 tokens are left as they are');
  });

  it('cuts at the same characters however long the last line is, which says how long a call took', () => {
    const digits = Array.from({ length: 3000 }, (_, at) => at % 10).join('');
    const masked = (footer: string) => maskedText(`${digits}\n${footer}`, undefined);
    const [one, other] = ['[ok · 9.8 s · step 3/60 · 10 min left]', '[ok · 12 s · step 3/60 · 9 min left]'].map(
      (footer) => {
        const text = masked(footer);
        assert.ok(text.endsWith(`\n${footer}`));
        return text.slice(0, -footer.length);
      },
    );
    assert.equal(one, other);
  });

  it('leaves the ends, where the outcome stands, and says what is gone and where it is', () => {
    const trajectory = new Trajectory().step({ text: `first line\n${output(3000)}` }).step();
    const observation = trajectory.events[2];
    assert.ok(observation?.type === 'observation');
    observation.observation.fullTextPath = '/workspace/.aira/outputs/1.txt';
    trajectory.add(compacted({ how: 'masked', maskedThrough: 1 }));
    const [, , result] = messagesOf(trajectory.events);
    const text = result?.parts[0]?.type === 'result' ? result.parts[0].text : '';
    assert.ok(text.length < 1500, String(text.length));
    assert.match(text, /^first line/);
    assert.match(text, /left out to save room; all of it is in \/workspace\/\.aira\/outputs\/1\.txt/);
    assert.match(text, /\[ok · 1\.1 s · step 1\/60\]$/);
  });

  it('does not count again what is masked already', () => {
    const trajectory = steps(9, 10_000);
    trajectory.add(compacted({ how: 'masked', maskedThrough: 5 }));
    assert.equal(planMask(trajectory.events, budget, 1), null);
    for (let more = 0; more < 4; more += 1) trajectory.step({ text: output(10_000) });
    assert.equal(planMask(trajectory.events, budget, 1)?.maskedThrough, 9);
  });

  it('counts as the provider does', () => {
    assert.equal(planMask(steps(5, 10_000).events, budget, 2)?.maskedThrough, 3);
  });
});

describe('cutting', () => {
  it('keeps the task, the newest steps whole, and every call with its result', () => {
    const trajectory = steps(6, 1000);
    const plan = planCut(trajectory.events, 2500, 1);
    assert.equal(plan?.cutThrough, 4);
    trajectory.add(compacted({ cutThrough: 4, snapshot: 'my notes', state: 'our state' }));
    const messages = messagesOf(trajectory.events);
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['user', 'model', 'user', 'model', 'user'],
    );
    assert.match(JSON.stringify(messages[0]), /the task.*Steps 1 to 4 are left out.*my notes.*our state/);
    const calls = messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'call' ? [part.id] : [])));
    const results = messages.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === 'result' ? [part.callId] : [])),
    );
    assert.deepEqual(calls, ['call-5', 'call-6']);
    assert.deepEqual(results, calls);
  });

  it('always leaves a step, and does nothing where there is only one', () => {
    assert.equal(planCut(steps(3, 5000).events, 10, 1)?.cutThrough, 2);
    assert.equal(planCut(steps(1, 5000).events, 10, 1), null);
  });

  it('goes with its notices, but what is said afterwards stands', () => {
    const trajectory = steps(2, 100)
      .notice('looping', 'an old nudge')
      .step()
      .add(compacted({ cutThrough: 2 }));
    trajectory.notice('final_warning', 'the last turn');
    assert.doesNotMatch(shown(trajectory), /an old nudge/);
    assert.match(shown(trajectory), /the last turn/);
  });

  it('of later steps takes the place of an earlier one, and masking goes on beside it', () => {
    const trajectory = steps(6, 3000)
      .add(compacted({ cutThrough: 2, snapshot: 'old notes', state: 'old' }))
      .add(compacted({ cutThrough: 4, snapshot: 'new notes', state: 'new' }))
      .add(compacted({ how: 'masked', maskedThrough: 5 }));
    assert.deepEqual(horizonOf(trajectory.events), {
      maskedThrough: 5,
      cutThrough: 4,
      snapshot: 'new notes',
      state: 'new',
    });
    assert.doesNotMatch(shown(trajectory), /old notes/);
    assert.match(shown(trajectory), /new notes/);
    assert.match(shown(trajectory), /old output left out/);
  });
});

describe('after a refusal as too long', () => {
  it('every plan shows less than the one before, down to the task alone', () => {
    const trajectory = steps(9, 2000);
    const sizes = [shown(trajectory).length];
    for (;;) {
      const plan = planAfterOverflow(trajectory.events);
      if (plan === null) break;
      const before = horizonOf(trajectory.events);
      trajectory.add(
        plan.cutThrough > before.cutThrough
          ? compacted({ why: 'overflow', cutThrough: plan.cutThrough })
          : compacted({ how: 'masked', why: 'overflow', maskedThrough: plan.maskedThrough }),
      );
      sizes.push(shown(trajectory).length);
      assert.ok(sizes.length < 10, 'it ends');
    }
    for (const [index, size] of sizes.entries())
      assert.ok(index === 0 || size < (sizes[index - 1] ?? 0), String(sizes));
    assert.equal(messagesOf(trajectory.events).length, 1);
    assert.ok(sizes.length >= 4, 'it goes step by step');
  });

  it('the context is taken to be smaller from then on', () => {
    const before = contextBudget(200_000, []);
    const after = contextBudget(200_000, [compacted({ why: 'overflow', cutThrough: 1, tokensBefore: 60_000 })]);
    assert.ok(after.soft + after.output < 48_001 && before.soft > 100_000, JSON.stringify(after));
  });
});

it('a small context scales every bound, and leaves room for the answer', () => {
  const budget = contextBudget(16_000, []);
  assert.ok(budget.output <= 4000 && budget.soft + budget.output < 16_000 && budget.kept < budget.soft);
  assert.ok(budget.protectedOutputs <= 4000 && budget.leastGain <= 2400);
});
