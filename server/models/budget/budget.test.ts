import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { type Amount, Budget, BudgetExhaustedError } from './budget.ts';

const never = new AbortController().signal;
const usd = (costUsd: number): Amount => ({ tokens: 0, costUsd });
const limits = (costUsd: number | null, tokens: number | null = null) => ({ costUsd, tokens });

test('calls that could go over the bound together are not made together', async () => {
  const run = Budget.ofRun(limits(10));
  const made: string[] = [];
  const ask = async (name: string) => {
    const own = run.ofCandidate(limits(null));
    const reservation = await own.reserve(usd(4), usd(0), own.hold(), never);
    made.push(name);
    return reservation;
  };
  const [a, b] = await Promise.all([ask('a'), ask('b')]);
  const c = ask('c');
  await turnOfTheLoop();
  assert.deepEqual(made, ['a', 'b'], 'the third waits: it might not fit');
  a?.settle(usd(1));
  await c;
  assert.deepEqual(made, ['a', 'b', 'c'], 'the first took less than it had reserved');
  b?.settle(usd(4));
  assert.equal(run.spent.costUsd, 5);
});

test('the end comes when no call under way can make room any more', async () => {
  const run = Budget.ofRun(limits(10));
  const own = run.ofCandidate(limits(null));
  const first = await own.reserve(usd(6), usd(1), own.hold(), never);
  const other = run.ofCandidate(limits(null));
  const waiting = other.reserve(usd(6), usd(1), other.hold(), never);
  const failed = assert.rejects(waiting, (error: unknown) => {
    assert.ok(error instanceof BudgetExhaustedError);
    assert.equal(error.scope, 'run');
    assert.match(error.message, /\$10/);
    return true;
  });
  await turnOfTheLoop();
  first.settle(usd(6));
  await failed;
});

test('what is held back pays for the last turn, and only for that', async () => {
  const run = Budget.ofRun(limits(10));
  const own = run.ofCandidate(limits(null));
  const hold = own.hold();
  (await own.reserve(usd(7), usd(2), hold, never)).settle(usd(7));
  await assert.rejects(own.reserve(usd(2), usd(2), hold, never), BudgetExhaustedError);
  const last = await own.reserve(usd(2.5), null, hold, never);
  last.settle(usd(2.5));
  assert.equal(run.spent.costUsd, 9.5);
  await assert.rejects(own.reserve(usd(1), null, hold, never), BudgetExhaustedError, 'the hold was used up');
});

test('a last turn that came to nothing finds its room again, but for what it was billed, before others hear of any', async () => {
  for (const billed of [0, 1]) {
    const run = Budget.ofRun(limits(10));
    const own = run.ofCandidate(limits(null));
    const hold = own.hold();
    (await own.reserve(usd(2), usd(5), hold, never)).settle(usd(2));
    const last = await own.reserve(usd(3), null, hold, never);
    const other = run.ofCandidate(limits(null));
    const waiting = other.reserve(usd(6), usd(0), other.hold(), never);
    last.settle(usd(billed), { isAnswered: false });
    await turnOfTheLoop();
    assert.equal(hold.amount.costUsd, 5 - billed);
    const again = await own.reserve(usd(3), null, hold, never);
    again.settle(usd(1.5));
    assert.equal(hold.amount.costUsd, 0, 'once it is answered, others have the rest');
    (await waiting.catch(() => null))?.settle(usd(6));
    assert.equal(run.spent.costUsd, billed === 0 ? 9.5 : 4.5);
  }
});

test('a trajectory that is taken up again holds back what it did, where nobody else has it', async () => {
  const run = Budget.ofRun(limits(10), usd(4));
  const hold = run.ofCandidate(limits(null)).hold(usd(5));
  assert.equal(hold.amount.costUsd, 5);
  const other = run.ofCandidate(limits(null));
  assert.equal(other.hold(usd(1.5)).amount.costUsd, 0, 'no last turn is paid twice');
  const poor = run.ofCandidate(limits(1), usd(0.5));
  assert.equal(poor.hold(usd(0.75)).amount.costUsd, 0, 'nor beyond its own bound');
  assert.equal(poor.hold(usd(0.5)).amount.costUsd, 0.5);
});

test('what others hold back is not spent for them', async () => {
  const run = Budget.ofRun(limits(10));
  const holds = [];
  for (let agent = 0; agent < 4; agent += 1) {
    const own = run.ofCandidate(limits(null));
    const hold = own.hold();
    (await own.reserve(usd(0.5), usd(2), hold, never)).settle(usd(0.5));
    holds.push({ own, hold });
  }
  const [first] = holds;
  assert.ok(first !== undefined);
  assert.equal(run.softEnd(), null);
  await assert.rejects(first.own.reserve(usd(0.5), usd(2), first.hold, never), BudgetExhaustedError);
  assert.match(run.softEnd() ?? '', /no room/, 'nothing new is begun after a refusal');
  for (const { own, hold } of holds) (await own.reserve(usd(2), null, hold, never)).settle(usd(2));
  assert.equal(run.spent.costUsd, 10, 'every last turn could be paid');
});

test('a trajectory that has not begun waits for what others hold back, and begins when they end below it', async () => {
  const run = Budget.ofRun(limits(10));
  const own = run.ofCandidate(limits(null));
  const hold = own.hold();
  (await own.reserve(usd(1), usd(5), hold, never)).settle(usd(1));
  const late = run.ofCandidate(limits(null));
  let hasBegun = false;
  const waiting = late.reserve(usd(3), usd(5), late.hold(), never).then((call) => {
    hasBegun = true;
    call.settle(usd(1));
  });
  await turnOfTheLoop();
  assert.equal(hasBegun, false);
  hold.release();
  await waiting;
  const later = run.ofCandidate(limits(null));
  await assert.rejects(later.reserve(usd(9), usd(0), later.hold(), never), BudgetExhaustedError);
});

test("a candidate's bound ends that candidate, and the run goes on", async () => {
  const run = Budget.ofRun(limits(100));
  const own = run.ofCandidate(limits(3), usd(2));
  await assert.rejects(own.reserve(usd(2), usd(0), own.hold(), never), { scope: 'candidate' });
  const other = run.ofCandidate(limits(3));
  (await other.reserve(usd(2), usd(0), other.hold(), never)).settle(usd(2));
  assert.equal(run.spent.costUsd, 2);
});

test('tokens and money bound each on their own, and a call that took more than it reserved counts in full', async () => {
  const run = Budget.ofRun(limits(100, 1000));
  const own = run.ofCandidate(limits(null));
  const call = await own.reserve({ tokens: 900, costUsd: 1 }, { tokens: 0, costUsd: 0 }, own.hold(), never);
  call.settle({ tokens: 950, costUsd: 1 });
  call.settle({ tokens: 950, costUsd: 1 });
  assert.deepEqual(run.spent, { tokens: 950, costUsd: 1 }, 'settled once');
  await assert.rejects(own.reserve({ tokens: 51, costUsd: 0 }, usd(0), own.hold(), never), BudgetExhaustedError);
});

test('nothing new starts from 80 percent on', async () => {
  const run = Budget.ofRun(limits(10, 1000), { tokens: 100, costUsd: 7.9 });
  assert.equal(run.softEnd(), null);
  const own = run.ofCandidate(limits(null));
  (await own.reserve(usd(0.1), usd(0), own.hold(), never)).settle(usd(0.1));
  assert.match(run.softEnd() ?? '', /80 % of the cost budget of \$10/);
  assert.match(Budget.ofRun(limits(null, 1000), { tokens: 800, costUsd: 0 }).softEnd() ?? '', /1000 tokens/);
  assert.equal(Budget.ofRun(limits(null)).softEnd(), null);
});

test('whoever gives up waiting leaves nothing reserved', async () => {
  const run = Budget.ofRun(limits(10));
  const own = run.ofCandidate(limits(null));
  const hold = own.hold();
  const call = await own.reserve(usd(6), usd(0), hold, never);
  const controller = new AbortController();
  const other = run.ofCandidate(limits(null));
  const waiting = other.reserve(usd(6), usd(1), other.hold(), controller.signal);
  controller.abort(new Error('stop'));
  await assert.rejects(waiting, /stop/);
  call.settle(usd(1));
  hold.release();
  const whole = run.ofCandidate(limits(null));
  (await whole.reserve(usd(9), usd(0), whole.hold(), never)).settle(usd(9));
  assert.equal(run.spent.costUsd, 10);
});

test('a thousand agents with calls of random cost never go over the bound', async () => {
  const bound = 50;
  const run = Budget.ofRun(limits(bound));
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  let lastTurns = 0;
  const agent = async () => {
    const own = run.ofCandidate(limits(null));
    const hold = own.hold();
    try {
      for (;;) {
        const call = await own.reserve(usd(0.5), usd(0.2), hold, never);
        for (let wait = 0; wait < random() * 5; wait += 1) await turnOfTheLoop();
        call.settle(usd(0.5 * random()));
      }
    } catch (error) {
      assert.ok(error instanceof BudgetExhaustedError);
      if (hold.amount.costUsd === 0) return;
      const last = await own.reserve(usd(0.2), null, hold, never);
      last.settle(usd(0.2 * random()));
      lastTurns += 1;
    } finally {
      hold.release();
    }
  };
  await Promise.all(Array.from({ length: 1000 }, agent));
  assert.ok(run.spent.costUsd <= bound + 1e-6, String(run.spent.costUsd));
  assert.ok(run.spent.costUsd > bound * 0.5, 'and the money was used');
  assert.ok(lastTurns > 10, 'whoever had begun could end');
});

test('more budget lets those go on that waited, and new ones be started', async () => {
  const run = Budget.ofRun(limits(10));
  const first = await run.ofCandidate(limits(null)).reserve(usd(8), usd(0), run.hold(), never);
  first.settle(usd(8));
  assert.match(run.softEnd() ?? '', /80 % of the cost budget of \$10/);
  await assert.rejects(run.ofCandidate(limits(null)).reserve(usd(3), usd(0), run.hold(), never), BudgetExhaustedError);
  assert.match(run.softEnd() ?? '', /no room for another call/);
  const underWay = await run.ofCandidate(limits(null)).reserve(usd(2), usd(0), run.hold(), never);
  const waiting = run.ofCandidate(limits(null)).reserve(usd(1), usd(0), run.hold(), never);
  await turnOfTheLoop();
  run.extend({ costUsd: 5, tokens: 100 });
  assert.equal((await waiting).amount.costUsd, 1);
  assert.deepEqual(
    run.limits,
    { costUsd: 15, tokens: null },
    'a bound that is not there does not come by being extended',
  );
  underWay.settle(usd(2));
  assert.equal(run.softEnd(), null);
});
