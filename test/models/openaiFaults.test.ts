import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { ChatModelError } from '../../server/models/chatModel.ts';
import { createOpenAiModel } from '../../server/models/openai/index.ts';
import { createModel, UnknownModelError } from '../../server/models/registry.ts';
import { apiKey, connect, request, say } from './openaiCalls.ts';
import * as replies from './openaiReplies.ts';

const deadline = { timeout: 30_000 };

/** What a call ends with when the server answers like this. */
async function failureOf(t: TestContext, reply: replies.Reply, limits?: { totalMs: number; idleMs: number }) {
  const { server, model } = await connect(t, { apiKey }, limits === undefined ? {} : { limits });
  server.script(reply);
  const failure = await model.generate(request([say('go')])).then(
    () => assert.fail('the call succeeded'),
    (error: unknown) => error,
  );
  assert.ok(ChatModelError.is(failure), inspect(failure));
  assert.equal(server.requests.length, 1, 'the provider itself tries once');
  return failure;
}

test('a rate limit says when to come back, in whichever of five ways the server says it', deadline, async (t) => {
  const limit = replies.openAiError('Rate limit reached for requests.', { code: 'rate_limit_exceeded' });
  const inWords = replies.openAiError('Rate limit reached. Please try again in 1m2.5s. Visit our page.');
  const used = { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' };
  const reset = { ...used, 'x-ratelimit-reset-tokens': '2s', 'x-ratelimit-reset-requests': '1h0m0s' };
  const cases: [replies.Reply, number | null][] = [
    [replies.refusal(429, limit, { 'retry-after': '20' }), 20_000],
    [replies.refusal(429, limit, { 'retry-after-ms': '1500', 'retry-after': '2' }), 1500],
    [replies.refusal(429, inWords), 62_500],
    [replies.refusal(429, limit, reset), 2000],
    [replies.refusal(429, limit), null],
    [replies.errorInStream(`data: ${JSON.stringify({ error: { message: 'Rate limit.', code: 429 } })}`), null],
  ];
  for (const [reply, wait] of cases) {
    const failure = await failureOf(t, reply);
    assert.equal(failure.kind, 'rate_limit', failure.message);
    assert.equal(failure.retryAfterMs, wait);
    assert.ok(failure.isTransient);
  }
  const date = new Date(Date.now() + 30_000).toUTCString();
  const failure = await failureOf(t, replies.refusal(429, limit, { 'retry-after': date }));
  assert.ok((failure.retryAfterMs ?? 0) > 20_000 && (failure.retryAfterMs ?? 0) <= 30_000);
});

test('a quota that is used up is no rate limit any more', deadline, async (t) => {
  const cases = [
    replies.refusal(429, replies.openAiError('You exceeded your current quota.', { code: 'insufficient_quota' })),
    replies.refusal(429, replies.openAiError('Rate limit reached on requests per day (RPD): Limit 200.')),
    replies.refusal(429, replies.openAiError('Slow down.'), { 'retry-after': '86400' }),
    replies.refusal(402, replies.openAiError('Insufficient credits.')),
  ];
  for (const reply of cases) {
    const failure = await failureOf(t, reply);
    assert.equal(failure.kind, 'quota_exhausted', failure.message);
    assert.ok(!failure.isTransient);
  }
});

test("the server's own trouble is worth another try", deadline, async (t) => {
  const loading = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };
  const inVllm = { object: 'error', message: 'EngineCore died', type: 'InternalServerError', code: 500 };
  const cases: [replies.Reply, string, RegExp][] = [
    [replies.refusal(503, loading), 'overloaded', /Loading model/],
    [replies.htmlError(502, '502 Bad Gateway'), 'overloaded', /502.*Bad Gateway/],
    [replies.htmlError(504, 'Gateway Time-out'), 'timeout', /Time-out/],
    [replies.errorInStream(`data: ${JSON.stringify(inVllm)}`), 'overloaded', /EngineCore died/],
    [replies.errorInStream(`error: ${JSON.stringify({ message: 'slot died', code: 500 })}`), 'overloaded', /slot died/],
    [replies.errorInStream(`event: error\ndata: {"message":"it broke"}`), 'overloaded', /it broke/],
    [replies.socketDrop, 'network', /UND_ERR_SOCKET|ECONNRESET/],
    [replies.dropInStream, 'network', /terminated/],
    [replies.cutInStream, 'network', /no JSON/],
  ];
  for (const [reply, kind, words] of cases) {
    const failure = await failureOf(t, reply);
    assert.equal(failure.kind, kind, failure.message);
    assert.match(failure.message, words);
    assert.ok(failure.isTransient);
  }
});

test(
  'what the request or the set-up earned is not tried again, and says what to start differently',
  deadline,
  async (t) => {
    const flags = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
    const jinja = { error: { code: 500, message: 'tools param requires --jinja flag', type: 'server_error' } };
    const long = {
      error: {
        code: 400,
        message: 'the request exceeds the available context size',
        type: 'exceed_context_size_error',
      },
    };
    const vllm =
      "You passed 1015 input tokens and requested 10 output tokens. However, the model's context length is only 1024 tokens.";
    const cases: [replies.Reply, string, RegExp][] = [
      [replies.refusal(400, replies.openAiError(flags)), 'bad_request', /Start vLLM with --enable-auto-tool-choice/],
      [replies.refusal(500, jinja), 'bad_request', /Start llama.cpp with --jinja/],
      [replies.refusal(400, long), 'context_overflow', /context size/],
      [replies.refusal(400, replies.openAiError(vllm)), 'context_overflow', /1024 tokens/],
      [replies.refusal(403, { error: 'Not for you.' }), 'auth', /OPENAI_API_KEY/],
      [replies.refusal(422, { detail: 'Bad field.' }), 'bad_request', /Bad field/],
    ];
    for (const [reply, kind, words] of cases) {
      const failure = await failureOf(t, reply);
      assert.equal(failure.kind, kind, failure.message);
      assert.match(failure.message, words);
      assert.ok(!failure.isTransient);
    }
  },
);

test(
  'nobody listening is a network failure that names the cause, also before the server is known',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    await server.close();
    await assert.rejects(model.generate(request([say('go')])), { kind: 'network', message: /ECONNREFUSED/ });
  },
);

test(
  'a hanging server is a timeout that says what it took, before the first byte and after it',
  deadline,
  async (t) => {
    const silent = await failureOf(t, replies.hang, { totalMs: 60_000, idleMs: 300 });
    assert.equal(silent.kind, 'timeout');
    assert.match(silent.message, /nothing came for 0.3 s/);
    const stuck = await failureOf(t, replies.hangInStream, { totalMs: 300, idleMs: 60_000 });
    assert.match(stuck.message, /not ended after 0.3 s/);
  },
);

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

test('a wrong key and a redirect keep the key where it belongs, and it is in no error', deadline, async (t) => {
  const { server } = await connect(t, { apiKey });
  const wrong = createOpenAiModel(server.modelId.slice(7), { OPENAI_API_KEY: 'sk-another-0123456789' });
  assert.ok(wrong !== null);
  await assert.rejects(wrong.generate(request([say('go')])), { kind: 'auth', message: /OPENAI_API_KEY/ });
  const echo = `You sent ${apiKey}, that is ${encodeURIComponent(apiKey)} or ${btoa(apiKey)}`;
  for (const reply of [
    replies.refusal(400, replies.openAiError(echo)),
    replies.htmlError(500, echo),
    replies.errorInStream(`data: ${JSON.stringify({ error: { message: echo } })}`),
  ]) {
    const failure = await failureOf(t, reply);
    const shown = inspect(failure, { depth: 10, showHidden: true }) + JSON.stringify(failure);
    for (const form of [apiKey, encodeURIComponent(apiKey), btoa(apiKey)]) assert.ok(!shown.includes(form), shown);
  }
  const away = replies.refusal(307, {}, { location: 'http://127.0.0.1:9/v1/chat/completions' });
  const failure = await failureOf(t, away);
  assert.match(failure.message, /redirect/);
  assert.ok(!failure.isTransient);
  const own = await connect(t, { apiKey });
  assert.ok(!inspect(own.model, { depth: 10, showHidden: true }).includes(apiKey));
  assert.ok(!JSON.stringify(own.model.info).includes(apiKey));
});

test('names and URLs are taken apart as they were meant, and unusable ones are refused with the way out', () => {
  const id = (text: string, environment = {}) => createModel(text, environment).info.id;
  assert.equal(id('openai:llama3.1:8b@http://localhost:11434'), 'openai:llama3.1:8b@http://localhost:11434/v1');
  assert.equal(id('openai:org/model@v2@https://host/api/v1/'), 'openai:org/model@v2@https://host/api/v1');
  const base = { OPENAI_BASE_URL: 'http://box:8000/v1' };
  assert.equal(id('openai:m', base), 'openai:m@http://box:8000/v1', 'a run is resumed on the server it was begun on');
  assert.equal(id('openai:gpt-5.4', { OPENAI_API_KEY: apiKey }), 'openai:gpt-5.4');
  assert.throws(() => id('openai:gpt-5.4'), { kind: 'auth', message: /OPENAI_API_KEY/ });
  assert.throws(() => id('openai:m@http://user:word@host/v1'), {
    name: 'ModelSettingError',
    message: /OPENAI_API_KEY/,
  });
  assert.throws(() => id('openai:m@http://host/v1?key=1'), { name: 'ModelSettingError' });
  assert.throws(() => id('openai:m', { ...base, OPENAI_CONTEXT_TOKENS: 'many' }), { message: /OPENAI_CONTEXT_TOKENS/ });
  for (const bad of ['openai:', 'openai:a b@http://host', 'openai:@http://host'])
    assert.throws(() => id(bad), UnknownModelError);
});
