import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { ChatModelError } from '../../server/models/chatModel.ts';
import { testConnection } from '../../server/models/connectionTest.ts';
import { createGeminiModel } from '../../server/models/gemini/index.ts';
import { apiKey, connect, modelName, request, say } from './geminiCalls.ts';
import * as replies from './geminiReplies.ts';

const deadline = { timeout: 30_000 };
const limit = { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'You exceeded your current quota.' };

/** What a call ends with when the server answers like this. */
async function failureOf(t: TestContext, reply: replies.Reply, limits?: { totalMs: number; idleMs: number }) {
  const { server, model } = await connect(t, {}, limits);
  server.script(reply);
  const failure = await model.generate(request([say('go')])).then(
    () => assert.fail('the call succeeded'),
    (error: unknown) => error,
  );
  assert.ok(ChatModelError.is(failure), inspect(failure));
  assert.equal(server.requests.length, 1, 'the provider itself tries once');
  return failure;
}

test('a rate limit says when to come back, also where the SDK nests the error', deadline, async (t) => {
  const error = {
    ...limit,
    details: [replies.retryInfo('45.837906927s'), replies.quotaFailure('RequestsPerMinute-FreeTier')],
  };
  for (const reply of [replies.apiError(error), replies.nestedApiError(error), replies.errorInStream(error)]) {
    const failure = await failureOf(t, reply);
    assert.equal(failure.kind, 'rate_limit');
    assert.equal(failure.retryAfterMs, 45_838);
    assert.equal(failure.status, 429);
    assert.ok(failure.isTransient);
    assert.match(failure.message, /You exceeded your current quota/);
  }
});

test('a used-up day and a wait of many minutes are no rate limit any more', deadline, async (t) => {
  const daily = {
    ...limit,
    details: [replies.quotaFailure('GenerateRequestsPerDayPerProjectPerModel-FreeTier'), replies.retryInfo('30s')],
  };
  const long = { ...limit, details: [replies.retryInfo('3600s')] };
  for (const error of [daily, long]) {
    const failure = await failureOf(t, replies.apiError(error));
    assert.equal(failure.kind, 'quota_exhausted');
    assert.ok(!failure.isTransient);
  }
});

test("the server's own trouble is worth another try", deadline, async (t) => {
  const overloaded = { code: 503, status: 'UNAVAILABLE', message: 'The model is overloaded.' };
  const cases = [
    { reply: replies.apiError(overloaded), kind: 'overloaded', words: /The model is overloaded/ },
    { reply: replies.errorInStream(overloaded), kind: 'overloaded', words: /The model is overloaded/ },
    { reply: replies.htmlError(502, '502 Bad Gateway'), kind: 'overloaded', words: /\(502.*502 Bad Gateway/ },
    {
      reply: replies.apiError({ code: 504, status: 'DEADLINE_EXCEEDED', message: 'Late.' }),
      kind: 'timeout',
      words: /Late/,
    },
    { reply: replies.socketDrop, kind: 'network', words: /UND_ERR_SOCKET|ECONNRESET/ },
    { reply: replies.dropInStream, kind: 'network', words: /terminated/ },
    { reply: replies.cutInStream, kind: 'network', words: /Incomplete JSON/ },
  ];
  for (const { reply, kind, words } of cases) {
    const failure = await failureOf(t, reply);
    assert.equal(failure.kind, kind, failure.message);
    assert.match(failure.message, words);
    assert.ok(failure.isTransient);
  }
});

test('what the request itself earned is not tried again', deadline, async (t) => {
  const overflow = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';
  const cases = [
    { error: { code: 400, status: 'INVALID_ARGUMENT', message: overflow }, kind: 'context_overflow' },
    { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'Bad schema.' }, kind: 'bad_request' },
    { error: { code: 403, status: 'PERMISSION_DENIED', message: 'Not for you.' }, kind: 'auth' },
  ];
  for (const { error, kind } of cases) {
    const failure = await failureOf(t, replies.apiError(error));
    assert.equal(failure.kind, kind);
    assert.ok(!failure.isTransient);
  }
});

test('nobody listening is a network failure that names the cause', deadline, async (t) => {
  const { server, model } = await connect(t);
  await server.close();
  await assert.rejects(model.generate(request([say('go')])), {
    kind: 'network',
    message: /fetch failed.*ECONNREFUSED/,
  });
});

test('a hanging server is a timeout, before the first byte and after it', deadline, async (t) => {
  const silent = await failureOf(t, replies.hang, { totalMs: 60_000, idleMs: 300 });
  assert.equal(silent.kind, 'timeout');
  assert.match(silent.message, /nothing came for 0.3 s/);
  const stuck = await failureOf(t, replies.hangInStream, { totalMs: 300, idleMs: 60_000 });
  assert.equal(stuck.kind, 'timeout');
  assert.match(stuck.message, /not ended after 0.3 s/);
});

test(
  'cancelling is told apart from a timeout, ends the call at once, and closes its connection',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    server.script(replies.hangInStream);
    const controller = new AbortController();
    const call = model.generate(request([say('go')], { signal: controller.signal, onPiece: () => controller.abort() }));
    await assert.rejects(call, { kind: 'aborted' });
    while (server.closedByClient === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await assert.rejects(model.generate(request([say('go')], { signal: controller.signal })), { kind: 'aborted' });
    assert.equal(server.requests.length, 1, 'a call that was cancelled beforehand is not made');
  },
);

test('a fault in our own listener does not pass for the network', deadline, async (t) => {
  const { model } = await connect(t);
  const broken = request([say('go')], {
    onPiece: () => {
      throw new RangeError('our own bug');
    },
  });
  await assert.rejects(model.generate(broken), { name: 'RangeError', message: 'our own bug' });
});

test('a wrong key, a missing key and an unknown model each say what to do', deadline, async (t) => {
  const { server } = await connect(t);
  const environment = { GEMINI_API_KEY: 'another-key-0123456789', GOOGLE_GEMINI_BASE_URL: server.url };
  await assert.rejects(createGeminiModel(modelName, environment).generate(request([say('go')])), {
    kind: 'auth',
    message: /API key not valid.*GEMINI_API_KEY/,
  });
  assert.throws(() => createGeminiModel(modelName, { GOOGLE_API_KEY: ' ' }), {
    kind: 'auth',
    message: /GEMINI_API_KEY/,
  });
  const unknown = createGeminiModel('gemini-9', { GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: server.url });
  await assert.rejects(unknown.generate(request([say('go')])), {
    kind: 'bad_request',
    status: 404,
    message: /gemini-9 is not found/,
  });
});

test('the key is in no error, whatever the server echoes', deadline, async (t) => {
  const echo = `You sent ${apiKey}, that is ${encodeURIComponent(apiKey)} or ${btoa(apiKey)}`;
  const error = { code: 400, status: 'INVALID_ARGUMENT', message: echo };
  for (const reply of [
    replies.apiError(error),
    replies.nestedApiError(error),
    replies.errorInStream(error),
    replies.htmlError(500, echo),
  ]) {
    const failure = await failureOf(t, reply);
    const shown = inspect(failure, { depth: 10, showHidden: true }) + JSON.stringify(failure);
    for (const form of [apiKey, encodeURIComponent(apiKey), btoa(apiKey)]) assert.ok(!shown.includes(form), shown);
    assert.match(failure.message, /\[secret\]/);
  }
});

test(
  'the key is in neither the URL nor the body of a request, nor in what the model object shows',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    await model.generate(request([say('go')]));
    const [sent] = server.requests;
    assert.ok(!JSON.stringify([sent?.path, sent?.body]).includes(apiKey));
    assert.ok(!inspect(model, { depth: 10, showHidden: true }).includes(apiKey));
  },
);

test(
  'an answer with other types than Google sends is a broken connection, and no fault of ours',
  deadline,
  async (t) => {
    const part = (given: unknown) => ({
      candidates: [{ content: { role: 'model', parts: [given] }, finishReason: 'STOP' }],
    });
    const broken = [
      { candidates: [{ finishReason: ['STOP'] }] },
      part(null),
      part({ functionCall: { name: 5, args: {} } }),
      part({ functionCall: { name: 'bash', args: 'ls' } }),
      part({ text: { words: 'hello' } }),
      { promptFeedback: { blockReason: 7 } },
    ];
    for (const body of broken) {
      const failure = await failureOf(t, replies.rawEvent(body));
      assert.equal(failure.kind, 'network', inspect(body, { depth: 6 }));
      assert.ok(failure.isTransient);
    }
    const { server, model } = await connect(t);
    server.script(replies.rawEvent({ candidates: [{ finishReason: 'constructor' }] }));
    const answer = await model.generate(request([say('go')]));
    assert.deepEqual(answer.finish, { kind: 'blocked', raw: 'constructor' });
  },
);

test('the connection test calls a tool, waits out a busy server, and names what is wrong', deadline, async (t) => {
  const { server, model } = await connect(t);
  const { signal } = new AbortController();
  const confirm = { functionCall: { name: 'confirm', args: { word: 'ready' } } };
  server.script(
    replies.apiError({ code: 503, status: 'UNAVAILABLE', message: 'busy', details: [replies.retryInfo('0.01s')] }),
    replies.answer({ chunks: [[confirm]] }),
  );
  const report = await testConnection(model, { signal });
  assert.equal(report?.model, `${modelName}-001`);
  assert.equal(server.requests.at(-1)?.body.toolConfig?.functionCallingConfig.mode, 'ANY');
  await assert.rejects(testConnection(model, { signal }), { kind: 'malformed', message: /did not call the tool/ });
  server.script(replies.hang);
  await assert.rejects(testConnection(model, { signal, deadlineMs: 200 }), { kind: 'timeout', message: /0.2 s/ });
  const controller = new AbortController();
  server.script(replies.hang);
  const cancelled = testConnection(model, { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(cancelled, { kind: 'aborted' });
});
