import assert from 'node:assert/strict';
import test from 'node:test';
import { ManualClock } from '../../../test/support/manualClock.ts';
import { ChatModelError } from '../chatModel.ts';
import { type CallTurn, Governor, type GovernorSettings, type Permit } from './governor.ts';

const usage = { input: 10, cachedInput: 0, output: 5, thoughts: 0 };
const busy = new ChatModelError('overloaded', 'the model is overloaded', { status: 503 });
const limited = (retryAfterMs?: number) =>
  new ChatModelError('rate_limit', 'slow down', {
    status: 429,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

function setUp(settings: Partial<GovernorSettings> = {}) {
  const clock = new ManualClock();
  const governor = new Governor({ clock, ...settings });
  const admitted: { agent: string; permit: Permit; at: number }[] = [];
  const refused: unknown[] = [];
  const ask = (agent: string, change: Partial<CallTurn> = {}) => {
    const turn = { agent, finishing: false, tokens: 100, signal: new AbortController().signal, ...change };
    governor.admit(turn).then(
      (permit) => admitted.push({ agent, permit, at: clock.now() }),
      (error: unknown) => refused.push(error),
    );
  };
  const agents = () => admitted.map(({ agent }) => agent);
  const permitOf = (agent: string): Permit => {
    const found = admitted.findLast((one) => one.agent === agent);
    assert.ok(found !== undefined, `${agent} was not admitted`);
    return found.permit;
  };
  return { clock, governor, admitted, refused, ask, agents, permitOf };
}

test('calls beyond the limit wait, and one goes for each that ends', async () => {
  const { clock, ask, agents, permitOf } = setUp({ concurrency: { initial: 2 } });
  for (const agent of ['a', 'b', 'c', 'd']) ask(agent);
  await clock.pass(1000);
  assert.deepEqual(agents(), ['a', 'b']);
  permitOf('b').succeeded(usage);
  await clock.pass(0);
  assert.deepEqual(agents(), ['a', 'b', 'c']);
  assert.equal(permitOf('c').waitedMs, 1000);
});

test('the agent served longest ago goes first, and a turn that finishes a trajectory before everybody', async () => {
  const { clock, ask, agents, permitOf } = setUp({ concurrency: { initial: 1, largest: 1 } });
  for (const agent of ['a', 'b', 'c']) {
    ask(agent);
    await clock.pass(1);
    permitOf(agent).succeeded(usage);
  }
  ask('first');
  await clock.pass(1);
  // Asked in the reverse order of their last turns; `z` has never been served.
  for (const agent of ['c', 'b', 'a', 'z']) ask(agent);
  ask('c', { finishing: true });
  const order: string[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    permitOf(agents().at(-1) ?? '').succeeded(usage);
    await clock.pass(1);
    order.push(agents().at(-1) ?? '');
  }
  assert.deepEqual(order, ['c', 'z', 'a', 'b', 'c']);
});

test('no agent is kept waiting by others that ask all the time', async () => {
  const { clock, ask, agents, permitOf } = setUp({ concurrency: { initial: 1, largest: 1 } });
  for (const agent of ['a', 'b', 'c']) ask(agent);
  for (let turn = 0; turn < 300; turn += 1) {
    await clock.pass(1);
    const last = agents().at(-1) ?? '';
    permitOf(last).succeeded(usage);
    ask(last);
  }
  for (const agent of ['a', 'b', 'c']) {
    const turns = agents().filter((one) => one === agent).length;
    assert.ok(turns >= 99 && turns <= 102, `${agent}: ${turns}`);
  }
});

test('one episode of rate limiting shrinks the limit once, however many calls it hits', async () => {
  const { clock, governor, ask, permitOf } = setUp({ concurrency: { initial: 10 } });
  for (let agent = 0; agent < 10; agent += 1) ask(String(agent));
  await clock.pass(10);
  for (let agent = 0; agent < 10; agent += 1) permitOf(String(agent)).failed(limited(1000));
  assert.equal(governor.status().concurrency, 8);
  assert.equal(governor.status().state.kind, 'ok', 'an episode is no outage');
  await clock.pass(1000);
  for (let agent = 0; agent < 8; agent += 1) ask(String(agent));
  await clock.pass(10);
  permitOf('0').failed(limited(1000));
  assert.equal(governor.status().concurrency, 6, 'a call sent after the first episode begins another');
});

test("the provider's delay holds everybody back, and no longer than it says", async () => {
  const { clock, ask, admitted, permitOf } = setUp();
  ask('a');
  await clock.pass(5);
  permitOf('a').failed(limited(45_000));
  ask('b');
  ask('c', { finishing: true });
  await clock.pass(44_999);
  assert.equal(admitted.length, 1);
  await clock.pass(2);
  assert.deepEqual(
    admitted.slice(1).map(({ at }) => at),
    [45_005, 45_005],
  );
});

test('the limit grows only while it is what holds calls back', async () => {
  const { clock, governor, ask, permitOf } = setUp({ concurrency: { initial: 4 } });
  for (let call = 0; call < 50; call += 1) {
    ask('a');
    await clock.pass(1);
    permitOf('a').succeeded(usage);
  }
  assert.equal(governor.status().concurrency, 4);
  for (let round = 0; round < 3; round += 1) {
    const calls = governor.status().concurrency;
    for (let agent = 0; agent <= calls; agent += 1) ask(`${round}-${agent}`);
    await clock.pass(1);
    for (let agent = 0; agent <= calls; agent += 1) {
      await clock.pass(1);
      permitOf(`${round}-${agent}`).succeeded(usage);
    }
  }
  const grown = governor.status().concurrency;
  assert.ok(grown > 4 && grown <= 7, `by about one for each round of calls: ${grown}`);
});

test('failures of the server never shrink the limit', async () => {
  const { clock, governor, ask, permitOf } = setUp({ concurrency: { initial: 8 } });
  for (let call = 0; call < 30; call += 1) {
    ask('a');
    await clock.pass(400_000);
    permitOf('a').failed(busy);
  }
  assert.equal(governor.status().concurrency, 8);
});

test('requests and tokens keep to their rates in every minute, by what calls really took', async () => {
  const byRequests = setUp();
  byRequests.governor.join({ requestsPerMinute: 3 });
  for (let call = 0; call < 7; call += 1) byRequests.ask(String(call));
  await byRequests.clock.pass(59_999);
  assert.equal(byRequests.admitted.length, 3);
  await byRequests.clock.pass(60_002);
  assert.deepEqual(
    byRequests.admitted.map(({ at }) => at),
    [0, 0, 0, 60_000, 60_000, 60_000, 120_000],
  );
  const byTokens = setUp();
  byTokens.governor.join({ tokensPerMinute: 1000 });
  byTokens.ask('a', { tokens: 900 });
  await byTokens.clock.pass(10);
  byTokens.ask('b', { tokens: 900 });
  await byTokens.clock.pass(10);
  assert.deepEqual(byTokens.agents(), ['a']);
  byTokens.permitOf('a').succeeded(usage);
  await byTokens.clock.pass(10);
  assert.deepEqual(byTokens.agents(), ['a', 'b'], 'it took 15, not 900');
  byTokens.ask('c', { tokens: 5000 });
  await byTokens.clock.pass(60_100);
  assert.deepEqual(byTokens.agents(), ['a', 'b', 'c'], 'a call larger than the rate itself is not kept for ever');
});

test('failures in a row, whoever makes them, park everybody; one probe at a time goes, at growing intervals', async () => {
  const { clock, governor, admitted, ask, permitOf } = setUp({
    breaker: { threshold: 3, firstWaitMs: 1000, longestWaitMs: 5000 },
  });
  const told: string[] = [];
  governor.subscribe((state) => told.push(state.kind));
  for (const agent of ['a', 'b', 'c']) ask(agent);
  await clock.pass(1);
  for (const agent of ['a', 'b', 'c']) permitOf(agent).failed(busy);
  const opened = clock.now();
  for (let agent = 0; agent < 10; agent += 1) ask(`later-${agent}`);
  assert.deepEqual(told, ['outage']);
  const probes: number[] = [];
  for (let probe = 0; probe < 5; probe += 1) {
    const before = admitted.length;
    while (admitted.length === before) await clock.pass(50);
    assert.equal(admitted.length, before + 1, 'one probe at a time');
    probes.push(Math.round((clock.now() - opened) / 100) / 10);
    await clock.pass(10);
    assert.equal(admitted.length, before + 1, 'nobody follows while the probe is under way');
    admitted.at(-1)?.permit.failed(busy);
  }
  assert.deepEqual(
    probes.map((at, index) => Math.round(at - (probes[index - 1] ?? 0))),
    [1, 2, 4, 5, 5],
  );
  const before = admitted.length;
  while (admitted.length === before) await clock.pass(50);
  admitted.at(-1)?.permit.succeeded(usage);
  await clock.pass(0);
  assert.equal(admitted.length, 13, 'the probe answered: all that waited go');
  assert.deepEqual(told, ['outage', 'ok']);
});

test('an outage of rate limits only is one too, and its probe waits for the time that the provider names', async () => {
  const { clock, governor, admitted, ask } = setUp({ breaker: { threshold: 2, firstWaitMs: 1000 } });
  for (let call = 0; call < 3; call += 1) {
    ask('a');
    await clock.pass(200_000);
    admitted.at(-1)?.permit.failed(limited(call === 0 ? 100 : 90_000));
  }
  assert.equal(governor.status().state.kind, 'outage');
  const before = admitted.length;
  ask('b');
  await clock.pass(89_000);
  assert.equal(admitted.length, before);
  await clock.pass(2000);
  assert.equal(admitted.length, before + 1);
});

test('a probe whose agent gives up makes room for another at once', async () => {
  const { clock, admitted, ask, permitOf } = setUp({ breaker: { threshold: 1, firstWaitMs: 1000 } });
  ask('a');
  await clock.pass(1);
  permitOf('a').failed(busy);
  ask('b');
  ask('c');
  await clock.pass(1001);
  assert.equal(admitted.length, 2);
  permitOf('b').cancelled();
  await clock.pass(1);
  assert.equal(admitted.length, 3);
});

test('a refusal of one request shows that the provider works', async () => {
  const { clock, governor, ask, permitOf, admitted } = setUp({ breaker: { threshold: 1, firstWaitMs: 1000 } });
  ask('a');
  await clock.pass(1);
  permitOf('a').failed(busy);
  ask('b');
  ask('c');
  await clock.pass(1001);
  permitOf('b').failed(new ChatModelError('context_overflow', 'too long', { status: 400 }));
  await clock.pass(0);
  assert.equal(governor.status().state.kind, 'ok');
  assert.equal(admitted.length, 3);
});

test('a wrong key or a quota that is used up ends all waiting with that reason, and is tried anew later', async () => {
  for (const kind of ['auth', 'quota_exhausted'] as const) {
    const { clock, refused, admitted, ask, permitOf } = setUp({ concurrency: { initial: 1 } });
    ask('a');
    ask('b');
    ask('c');
    await clock.pass(1);
    const error = new ChatModelError(kind, 'no more');
    permitOf('a').failed(error);
    await clock.pass(0);
    assert.deepEqual(refused, [error, error]);
    ask('d');
    await clock.pass(0);
    assert.equal(admitted.length, 2, 'whoever comes later finds out for himself');
  }
});

test('whoever gives up waiting is forgotten, before and after a permit', async () => {
  const { clock, governor, refused, ask, permitOf, agents } = setUp({ concurrency: { initial: 1, largest: 1 } });
  const controller = new AbortController();
  ask('a', { signal: controller.signal });
  ask('b', { signal: controller.signal });
  ask('c');
  await clock.pass(1);
  controller.abort(new Error('stop'));
  await clock.pass(1);
  assert.equal(refused.length, 1);
  assert.deepEqual(agents(), ['a']);
  permitOf('a').cancelled();
  await clock.pass(1);
  assert.deepEqual(agents(), ['a', 'c']);
  assert.equal(governor.status().waiting, 0);
  await assert.rejects(governor.admit({ agent: 'd', finishing: false, tokens: 1, signal: controller.signal }), /stop/);
});

test('a conversation that fails every time while others are answered is told apart from an outage', async () => {
  const { clock, ask, permitOf } = setUp({ breaker: { firstWaitMs: 1 } });
  const kinds: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    ask('poisoned');
    ask('healthy');
    await clock.pass(10);
    kinds.push(permitOf('poisoned').failed(new ChatModelError('overloaded', 'template error', { status: 500 })).kind);
    permitOf('healthy').succeeded(usage);
  }
  assert.equal(kinds.indexOf('conversation_refused'), 8);
  assert.equal(kinds.filter((kind) => kind === 'conversation_refused').length, 1);
});

test('of all who are there the strictest rates hold, also for what was taken before they came, and are lifted as they leave', async () => {
  const { clock, governor, ask, admitted, permitOf } = setUp();
  const free = governor.join();
  for (let call = 0; call < 4; call += 1) ask(`early-${call}`);
  await clock.pass(10_000);
  assert.equal(admitted.length, 4);
  const strict = governor.join({ requestsPerMinute: 5 });
  const stricter = governor.join({ requestsPerMinute: 3, tokensPerMinute: 100_000 });
  for (let call = 0; call < 4; call += 1) ask(`later-${call}`);
  await clock.pass(20_000);
  assert.equal(admitted.length, 4, 'four of the last minute are more than three');
  stricter.leave();
  await clock.pass(0);
  assert.equal(admitted.length, 5, 'the fifth goes as soon as five are allowed');
  strict.leave();
  await clock.pass(0);
  assert.equal(admitted.length, 8);
  free.leave();
  const tokens = governor.join({ tokensPerMinute: 1000 });
  ask('large', { tokens: 280 });
  await clock.pass(0);
  assert.equal(admitted.length, 8, 'eight calls of a hundred tokens are in this minute');
  permitOf('early-0').succeeded({ ...usage, input: 0, output: 1 });
  await clock.pass(0);
  assert.equal(admitted.length, 9, 'one of them took less');
  tokens.leave();
});

test('leaving counts once, also of two runs with the same rates, and at the end of a block', async () => {
  const { clock, governor, ask, admitted } = setUp();
  const rates = { requestsPerMinute: 1 };
  const first = governor.join(rates);
  {
    using second = governor.join(rates);
    assert.equal(second.governor, governor);
    first.leave();
    first.leave();
    ask('a');
    ask('b');
    await clock.pass(1);
    assert.equal(admitted.length, 1, 'the second is still there');
  }
  await clock.pass(1);
  assert.equal(admitted.length, 2);
});

test('most calls at a time: of the strictest who is there; what the provider bears is remembered beneath it', async () => {
  const { clock, governor, ask, permitOf } = setUp({ concurrency: { initial: 8, largest: 16 } });
  const calls = () => governor.status().concurrency;
  const many = governor.join({ concurrency: 40 });
  assert.equal(calls(), 40, 'a number that a person gave is tried at once');
  const few = governor.join({ concurrency: 2 });
  assert.equal(calls(), 2);
  for (const agent of ['a', 'b', 'c']) ask(agent);
  await clock.pass(1);
  assert.equal(governor.status().waiting, 1);
  for (const agent of ['a', 'b', 'c']) {
    permitOf(agent).succeeded(usage);
    await clock.pass(1);
  }
  assert.equal(calls(), 2, 'a bound is not grown over');
  many.leave();
  for (const agent of ['a', 'b', 'c', 'd']) ask(agent);
  await clock.pass(1);
  few.leave();
  await clock.pass(1);
  assert.equal(governor.status().inFlight, 4, 'those that waited go at once');
  assert.equal(calls(), 8, 'two at a time say nothing against eight');
  permitOf('d').failed(limited(10));
  assert.equal(calls(), 6);
  governor.join({ concurrency: 40 });
  assert.equal(calls(), 6, 'the provider has said otherwise');
});
