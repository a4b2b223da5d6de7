import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { TrajectoryEvent } from '../../../protocol/trajectory.ts';
import { ManualClock } from '../../../test/support/manualClock.ts';
import { draftContext } from '../../../test/support/operatorContext.ts';
import { type ChatModel, ChatModelError, type GenerateRequest, type GenerateResponse } from '../chatModel.ts';
import { Governor } from '../governor/governor.ts';
import { Budget, BudgetExhaustedError } from './budget.ts';
import { spendingOf } from './spendingOf.ts';
import { type AccountOptions, TrajectoryAccount } from './trajectoryAccount.ts';

const price = {
  tiers: [{ abovePromptTokens: 0, input: 1, cachedInput: 0.1, output: 10 }],
  source: 'test',
  asOf: '2026-01-01',
};
const usage = { input: 1000, cachedInput: 500, output: 100, thoughts: 50 };
/** 500 fresh, 500 cached, 150 out. */
const cost = (500 + 50 + 1500) / 1e6;

const response: GenerateResponse = {
  parts: [{ type: 'text', text: 'ok' }],
  finish: { kind: 'stop', raw: 'stop' },
  usage,
  native: undefined,
  model: 'm',
  requestId: null,
};

const modelEvent: TrajectoryEvent = {
  type: 'model',
  at: 1,
  step: 1,
  reason: 'ok',
  calls: [],
  finish: 'stop',
  usage,
  durationMs: 1,
};

function setUp(
  outcome: (request: GenerateRequest) => Promise<GenerateResponse>,
  change: Partial<AccountOptions> = {},
  events: TrajectoryEvent[] = [],
) {
  const log = {
    events,
    append: async (event: TrajectoryEvent) => {
      events.push(event);
    },
  };
  const seen: GenerateRequest[] = [];
  const model: ChatModel = {
    info: { id: 'm', label: 'm', isLanguageModel: true, contextTokens: null },
    generate: (request) => {
      seen.push(request);
      return outcome(request);
    },
  };
  const open = () =>
    TrajectoryAccount.open({ model, price, log, agent: 'c1', governor: null, budget: null, ...change });
  return { events, seen, open };
}

function request(change: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    system: 'You are an agent.',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'x'.repeat(4000) }] }],
    tools: [{ name: 'submit', description: '', parameters: {} }],
    toolMode: 'auto',
    maxOutputTokens: 1000,
    seed: 1,
    context: draftContext(),
    signal: new AbortController().signal,
    ...change,
  };
}

const never = new AbortController().signal;

const types = (events: readonly TrajectoryEvent[]) => events.map(({ type }) => type);

test('a call is reserved before it is sent, and its answer is written with its cost', async () => {
  const { events, open } = setUp(async () => {
    assert.deepEqual(types(events), ['reserved'], 'on disk before the request leaves');
    return response;
  });
  const account = await open();
  await account.model.generate(request());
  await account.log.append(modelEvent);
  const [reserved, written] = events;
  assert.ok(reserved?.type === 'reserved' && reserved.usage.input >= 2000 && reserved.usage.output === 1000);
  assert.ok(written?.type === 'model');
  assert.ok(Math.abs((written.costUsd ?? 0) - cost) < 1e-12);
  assert.equal(account.spending.calls, 1);
  assert.deepEqual(account.spending, spendingOf(events, { open: true }), 'the log alone tells the same');
});

test('answers that were thrown away, and what a snapshot took, count like others; a mask does not', async () => {
  const { events, open } = setUp(async () => response);
  const account = await open();
  const step = { at: 1, step: 1, durationMs: 1 };
  await account.log.append({ type: 'discarded', ...step, cause: 'malformed', finish: 'x', usage });
  const compacted = { type: 'compacted', ...step, why: 'budget', maskedThrough: 1, cutThrough: 0 } as const;
  const sizes = { tokensBefore: 2, tokensAfter: 1 };
  await account.log.append({ ...compacted, ...sizes, how: 'snapshot', usage });
  await account.log.append({ ...compacted, ...sizes, how: 'masked' });
  assert.equal(account.spending.calls, 2);
  assert.ok(Math.abs(account.spending.costUsd - 2 * cost) < 1e-12);
  assert.equal(events.filter((event) => 'costUsd' in event).length, 2);
});

test('a call that a crash cut off counts once, in full, and is marked as an estimate', async () => {
  const { events, open } = setUp(() => new Promise(() => undefined));
  const account = await open();
  account.model.generate(request()).catch(() => undefined);
  await turnOfTheLoop();
  assert.equal(account.spending.calls, 0, 'under way');
  const reading = spendingOf(events, { open: true });
  assert.equal(reading.calls, 1);
  const again = await open();
  assert.deepEqual(types(events), ['reserved', 'charge']);
  assert.deepEqual(again.spending, reading, 'whoever read the log before the restart had counted the same');
  assert.equal(again.spending.estimatedCalls, 1);
  await open();
  assert.deepEqual(types(events), ['reserved', 'charge'], 'a second restart finds nothing to settle');
});

test('a refusal costs nothing, an answer that broke costs what came, a call given up its prompt at least', async () => {
  const cases: [ChatModelError, number[], (input: number, output: number) => boolean][] = [
    [new ChatModelError('overloaded', '503', { status: 503 }), [], (input) => input === 0],
    [new ChatModelError('network', 'no connection'), [], (input) => input === 0],
    [new ChatModelError('network', 'broke'), [100, 300], (input, output) => input > 900 && output === 100],
    [new ChatModelError('network', 'broke'), [0], (input, output) => input > 900 && output === 0],
    [new ChatModelError('timeout', 'gave up'), [], (input, output) => input > 900 && output === 0],
    [new ChatModelError('timeout', '504', { status: 504 }), [], (input) => input === 0],
    [new ChatModelError('network', 'broke', { usage }), [400], (input, output) => input === 1000 && output === 100],
  ];
  for (const [error, pieces, fits] of cases) {
    const { events, open } = setUp(async ({ onPiece }) => {
      for (const characters of pieces) onPiece?.(characters);
      throw error;
    });
    const account = await open();
    await assert.rejects(account.model.generate(request()), error);
    const charge = events.at(-1);
    assert.ok(charge?.type === 'charge');
    assert.ok(fits(charge.usage.input, charge.usage.output), `${error.message}: ${JSON.stringify(charge.usage)}`);
    assert.equal(account.spending.calls, charge.usage.input === 0 ? 0 : 1);
    assert.equal(spendingOf(events, { open: true }).costUsd, account.spending.costUsd);
  }
});

test('a conversation whose answers always break off is refused in the end, and its calls are paid for', async () => {
  const governor = new Governor();
  const broken = { ...response, finish: { kind: 'incomplete', raw: 'no finish' } } as const;
  const { events, open } = setUp(async () => broken, { governor });
  const others = setUp(async () => response, { governor, agent: 'c2' });
  const [account, other] = [await open(), await others.open()];
  let answers = 0;
  let refused: unknown = null;
  for (; answers < 20 && refused === null; answers += 1) {
    for (let call = 0; call < 2; call += 1) await other.model.generate(request());
    refused = await account.model.generate(request()).then(
      ({ usage }) => {
        const discarded = {
          type: 'discarded',
          at: 1,
          step: 1,
          cause: 'incomplete',
          finish: 'x',
          durationMs: 1,
        } as const;
        return account.log.append({ ...discarded, usage }).then(() => null);
      },
      (error: unknown) => error,
    );
  }
  assert.ok(ChatModelError.is(refused) && refused.kind === 'conversation_refused', String(refused));
  assert.equal(account.spending.calls, answers, 'the last one, too');
  assert.deepEqual(spendingOf(events, { open: true }), account.spending);
  assert.equal(governor.status().inFlight, 0);
});

test('a call ends with the time of whoever asked, and that says nothing of the provider', async () => {
  const governor = new Governor();
  const patient = (given: GenerateRequest) =>
    new Promise<GenerateResponse>((_resolve, reject) => {
      given.onPiece?.(40);
      given.signal.addEventListener('abort', () => reject(new ChatModelError('aborted', 'given up')));
    });
  const { events, open } = setUp(patient, { governor });
  const account = await open();
  await assert.rejects(account.model.generate(request({ limitMs: () => 20 })), { kind: 'out_of_time' });
  const charge = events.at(-1);
  assert.ok(charge?.type === 'charge' && charge.cause === 'aborted' && charge.usage.output === 10);
  assert.deepEqual({ ...governor.status(), concurrency: 0 }, { ...new Governor().status(), concurrency: 0 });
  const controller = new AbortController();
  const call = account.model.generate(request({ limitMs: () => 60_000, signal: controller.signal }));
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(call, { kind: 'aborted' }, 'an interruption stays one');
});

test('a call has the time that is left when it is sent, not when it was asked for', async () => {
  const governor = new Governor({ concurrency: { initial: 1, largest: 1 } });
  const permit = await governor.admit({
    agent: 'c2',
    finishing: false,
    tokens: 1,
    signal: new AbortController().signal,
  });
  const patient = ({ signal }: GenerateRequest) =>
    new Promise<GenerateResponse>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new ChatModelError('aborted', 'given up')));
    });
  const { seen, open } = setUp(patient, { governor });
  let left = 600_000;
  const call = (await open()).model.generate(request({ limitMs: () => left }));
  await turnOfTheLoop();
  assert.equal(seen.length, 0, 'it waits for its turn');
  left = 20;
  permit.cancelled();
  await assert.rejects(call, { kind: 'out_of_time' });
});

test('an unpriced model is written as such, and a built-in one leaves no trace of calls', async () => {
  const { open } = setUp(async () => response, { price: null });
  const account = await open();
  await account.model.generate(request());
  await account.log.append(modelEvent);
  assert.equal(account.spending.unpricedCalls, 1);
  assert.equal(account.spending.costUsd, 0);
  const info = { id: 'heuristic', label: '', isLanguageModel: false, contextTokens: null };
  const builtIn: ChatModel = { info, generate: async () => response };
  const free = setUp(async () => response, { model: builtIn });
  await (await free.open()).model.generate(request());
  assert.deepEqual(free.events, []);
});

test('a budget without room is told before a call, and the last turn is paid from what was held back', async () => {
  const run = Budget.ofRun({ costUsd: 0.2, tokens: null });
  const { seen, open } = setUp(async () => response, { budget: run.ofCandidate({ costUsd: null, tokens: null }) });
  const account = await open();
  const large = { maxOutputTokens: 5000 };
  await account.model.generate(request(large));
  await assert.rejects(account.model.generate(request({ maxOutputTokens: 20_000 })), BudgetExhaustedError);
  assert.equal(seen.length, 1);
  await account.model.generate(request({ maxOutputTokens: 20_000, toolMode: 'required' }));
  assert.equal(seen[1]?.maxOutputTokens, 8192, 'a short answer is enough to submit');
  assert.ok(run.spent.costUsd < 0.2);
  account.close();
});

test('the only turn of a trajectory holds back nothing for another, and keeps its room where the provider refuses it', async () => {
  const run = Budget.ofRun({ tokens: 6000, costUsd: null });
  const outcomes = [new ChatModelError('overloaded', '503', { status: 503 }), response];
  const generate = async () => {
    const outcome = outcomes.shift();
    if (outcome === undefined || outcome instanceof Error) throw outcome;
    return outcome;
  };
  const budget = () => run.ofCandidate({ tokens: null, costUsd: null });
  const { seen, open } = setUp(generate, { budget: budget(), price: null });
  const account = await open();
  await assert.rejects(account.model.generate(request()), BudgetExhaustedError, 'with a last turn it has no room');
  await assert.rejects(account.model.generate(request({ isOnlyTurn: true })), /503/);
  const other = budget();
  const sentBefore = other.reserve({ tokens: 4000, costUsd: 0 }, null, other.hold(), never).then(() => seen.length);
  await turnOfTheLoop();
  await account.model.generate(request({ isOnlyTurn: true }));
  assert.equal(await sentBefore, 2, 'another gets room when it has been answered');
  account.close();
});

test('a last turn that the provider refuses, or breaks off, is tried again in the room that was held back for it', async () => {
  const failures: (ChatModelError | GenerateResponse)[] = [
    new ChatModelError('overloaded', '503', { status: 503 }),
    new ChatModelError('rate_limit', '429', { status: 429 }),
    { ...response, finish: { kind: 'incomplete', raw: 'no finish' } },
    { ...response, finish: { kind: 'malformed', raw: 'MALFORMED' } },
  ];
  for (const failure of failures) {
    const run = Budget.ofRun({ tokens: 30_300, costUsd: null });
    const outcomes = [response, failure, response];
    const others: Promise<unknown>[] = [];
    const { open } = setUp(
      async () => {
        if (outcomes.length === 2) others.push(next().catch((error: unknown) => error));
        await turnOfTheLoop();
        const outcome = outcomes.shift();
        if (outcome === undefined || outcome instanceof Error) throw outcome;
        return outcome;
      },
      { budget: run.ofCandidate({ tokens: null, costUsd: null }), price: null },
    );
    const other = run.ofCandidate({ tokens: null, costUsd: null });
    const hold = other.hold();
    const next = async () => {
      const call = await other.reserve({ tokens: 27_000, costUsd: 0 }, { tokens: 0, costUsd: 0 }, hold, never);
      call.settle({ tokens: 27_000, costUsd: 0 });
    };
    const account = await open();
    await account.model.generate(request());
    const last = request({ toolMode: 'required' });
    if (failure instanceof Error) await assert.rejects(account.model.generate(last), failure);
    else assert.equal((await account.model.generate(last)).finish.kind, failure.finish.kind);
    await turnOfTheLoop();
    assert.equal(
      (await account.model.generate(last)).finish.kind,
      'stop',
      'what others ask for meanwhile is not given',
    );
    account.close();
    await Promise.all(others);
    assert.ok(run.spent.tokens <= 30_300, String(run.spent.tokens));
  }
});

test('a trajectory that is taken up again holds back its last turn from the start, and knows how long its prompt is', async () => {
  const limits = { tokens: 40_000, costUsd: null };
  const none = { tokens: null, costUsd: null };
  const first = setUp(async () => response, { budget: Budget.ofRun(limits).ofCandidate(none), price: null });
  const account = await first.open();
  await account.model.generate(request());
  await account.log.append(modelEvent);
  await account.model.generate(request());
  await account.log.append({ ...modelEvent, step: 2 });
  const before = first.events.findLast((event) => event.type === 'reserved');
  assert.ok(before?.type === 'reserved' && before.usage.input < 2000, 'as the provider counts it');
  for (const event of first.events) assert.deepEqual(TrajectoryEvent.parse(event), event);

  const spent = { tokens: 2300, costUsd: 0 };
  const run = Budget.ofRun(limits, spent);
  const options = { budget: run.ofCandidate(none, spent), price: null };
  const { events, open } = setUp(async () => response, options, [...first.events]);
  const again = await open();
  const other = run.ofCandidate(none);
  const hold = other.hold();
  (await other.reserve({ tokens: 100, costUsd: 0 }, { tokens: 0, costUsd: 0 }, hold, never)).settle({
    tokens: 100,
    costUsd: 0,
  });
  const tooMuch = other.reserve({ tokens: 30_000, costUsd: 0 }, { tokens: 0, costUsd: 0 }, hold, never);
  await assert.rejects(tooMuch, BudgetExhaustedError, 'before the first call of the other');
  await again.model.generate(request());
  const after = events.findLast((event) => event.type === 'reserved');
  assert.ok(after?.type === 'reserved');
  assert.deepEqual(after.usage, before.usage, 'the prompt is counted as it was before the restart');
});

test('a trajectory whose room others have taken meanwhile takes none of theirs, and one that has ended holds nothing', async () => {
  const none = { tokens: null, costUsd: null };
  const reserved: TrajectoryEvent = { type: 'reserved', at: 1, step: 1, usage, costUsd: null };
  const ended: TrajectoryEvent = { type: 'ended', at: 2, step: 1, reason: 'submitted' };
  for (const [tokens, events] of [
    [26_000, [reserved, modelEvent]],
    [100_000, [reserved, modelEvent, ended]],
  ] as const) {
    const run = Budget.ofRun({ tokens, costUsd: null }, { tokens: 1150, costUsd: 0 });
    const options = { budget: run.ofCandidate(none), price: null };
    await setUp(async () => response, options, [...events]).open();
    const other = run.ofCandidate(none);
    const hold = other.hold();
    for (const call of [100, tokens - 1250])
      (await other.reserve({ tokens: call, costUsd: 0 }, { tokens: 0, costUsd: 0 }, hold, never)).settle({
        tokens: call,
        costUsd: 0,
      });
    assert.equal(run.spent.tokens, tokens);
  }
});

test('a log of an older version says nothing of the length of its prompts: they are judged by their characters', async () => {
  const { events, open } = setUp(async () => response, {}, [
    { type: 'reserved', at: 1, step: 1, usage, costUsd: 0 },
    modelEvent,
  ]);
  await (await open()).model.generate(request());
  const reserved = events.findLast((event) => event.type === 'reserved');
  assert.ok(reserved?.type === 'reserved' && reserved.usage.input > 2000);
});

test('waiting for the governor is told, and an outage that ends in a shutdown is no failure of the call', async () => {
  const clock = new ManualClock();
  const governor = new Governor({ clock, breaker: { threshold: 1, firstWaitMs: 1000 } });
  const outcomes = [new ChatModelError('overloaded', 'busy', { status: 503 }), response, response];
  const { events, seen, open } = setUp(
    async () => {
      const outcome = outcomes.shift();
      if (outcome === undefined || outcome instanceof Error) throw outcome;
      return outcome;
    },
    { governor },
  );
  const account = await open();
  await assert.rejects(account.model.generate(request()), { kind: 'overloaded' });
  const controller = new AbortController();
  const parked = account.model.generate(request({ signal: controller.signal }));
  await clock.pass(500);
  assert.equal(seen.length, 1, 'nobody calls during the outage');
  controller.abort();
  await assert.rejects(parked, { kind: 'aborted' });
  assert.deepEqual(types(events), ['reserved', 'charge'], 'what was never sent is not in the log');
  const next = account.model.generate(request());
  await clock.pass(1000);
  assert.ok(((await next).waitedMs ?? -1) >= 0);
  assert.equal(governor.status().state.kind, 'ok');
  assert.equal(governor.status().inFlight, 0);
});

test('a call without room is in the log before anybody hears of it; a replay refuses it where the recording did', async () => {
  const budget = Budget.ofRun({ tokens: 10_000, costUsd: null });
  const caller = { agent: 'c1', step: 4, purpose: 'act', attempt: 0 } as const;
  const { events, seen, open } = setUp(async () => response, { budget });
  const asked = request({ maxOutputTokens: 20_000, caller });
  await assert.rejects((await open()).model.generate(asked), BudgetExhaustedError);
  const [refused] = events;
  assert.ok(refused?.type === 'no_room' && (refused.parkedMs ?? -1) >= 0);
  const { step, purpose, isLast, scope, detail } = refused;
  assert.deepEqual([step, purpose, isLast, scope], [4, 'act', false, 'run']);
  assert.match(detail, /10000 tokens.*no room/);

  const outcomes = [new ChatModelError('rate_limit', '429', { status: 429 }), response];
  const answer = async () => {
    const outcome = outcomes.shift();
    if (outcome === undefined || outcome instanceof Error) throw outcome;
    return outcome;
  };
  const again = setUp(answer, {
    refusals: (who, wasLast, tries) =>
      who.step === 4 && !wasLast && tries === 1 ? new BudgetExhaustedError(scope, detail) : null,
  });
  const account = await again.open();
  await assert.rejects(account.model.generate(asked), { kind: 'rate_limit' }, 'it was sent once when it was recorded');
  await assert.rejects(account.model.generate(asked), { message: detail });
  assert.deepEqual(types(again.events), ['reserved', 'charge', 'no_room']);
  await account.model.generate({ ...asked, toolMode: 'required' });
  assert.deepEqual([seen.length, again.seen.length], [0, 2]);
});
