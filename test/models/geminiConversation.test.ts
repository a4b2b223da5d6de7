import assert from 'node:assert/strict';
import test from 'node:test';
import { createGeminiModel } from '../../server/models/gemini/index.ts';
import { apiKey, connect, modelName, request, say, turnOf } from './geminiCalls.ts';
import { answer, bareFinish, empty, promptBlocked, text } from './geminiReplies.ts';

const deadline = { timeout: 30_000 };
const bash = (command: string, id?: string) => ({
  functionCall: { ...(id === undefined ? {} : { id }), name: 'bash', args: { command } },
});

test(
  'a request carries system, tools as JSON schema, seed and limit, and asks for the version it was told',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    await model.generate(request([say('go')]));
    const [sent] = server.requests;
    assert.equal(sent?.path, `/prefix/v1beta/models/${modelName}:streamGenerateContent`);
    assert.equal(sent?.headers['x-goog-api-key'], apiKey);
    assert.deepEqual(sent?.body.systemInstruction?.parts, [{ text: 'You are an agent.' }]);
    assert.deepEqual(sent?.body.generationConfig, { maxOutputTokens: 1024, seed: 7 });
    assert.equal(sent?.body.tools?.[0]?.functionDeclarations[0]?.parametersJsonSchema?.type, 'object');
    assert.equal(sent?.body.toolConfig?.functionCallingConfig.mode, 'AUTO');
    const v1 = createGeminiModel(modelName, {
      GOOGLE_API_KEY: apiKey,
      GEMINI_API_KEY: 'the other one is not used',
      GOOGLE_GEMINI_BASE_URL: server.url,
      GOOGLE_GENAI_API_VERSION: 'v1',
    });
    await v1.generate(request([say('go')], { toolMode: 'required', seed: 2 ** 40 }));
    assert.equal(server.requests[1]?.apiVersion, 'v1');
    assert.equal(server.requests[1]?.body.toolConfig?.functionCallingConfig.mode, 'ANY');
  },
);

test('an answer cut anywhere, even inside a character, arrives whole, piece by piece', deadline, async (t) => {
  const { server, model } = await connect(t);
  server.script(answer({ chunks: [[{ text: 'Größe: ' }], [{ text: '📈 naïve' }]], bytesPerWrite: 3 }));
  const pieces: number[] = [];
  const response = await model.generate(request([say('go')], { onPiece: (characters) => pieces.push(characters) }));
  assert.deepEqual(
    pieces.filter((characters) => characters > 0),
    ['Größe: '.length, '📈 naïve'.length],
  );
  assert.deepEqual(response.parts, [{ type: 'text', text: 'Größe: 📈 naïve' }]);
  assert.deepEqual(response.finish, { kind: 'stop', raw: 'STOP' });
  assert.equal(response.model, `${modelName}-001`);
  assert.equal(response.requestId, 'response-1');
});

test(
  'signatures survive many turns, stored as JSON between them: sequential, parallel, with and without ids',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    server.script(
      answer({ chunks: [[{ text: 'I look. ' }], [{ text: 'Then I act.' }, bash('ls', 'g-1')]] }),
      answer({ chunks: [[bash('a'), bash('b')], [bash('c')]] }),
      answer({
        chunks: [[{ text: 'hidden', thought: true }, bash('d', 'g-1')], [{ text: '', thoughtSignature: 'ZW5k' }]],
      }),
    );
    let messages = [say('go')];
    for (const calls of [1, 3, 1]) {
      const response = await model.generate(request(messages));
      assert.equal(response.finish.kind, 'tool_calls');
      assert.equal(response.parts.filter(({ type }) => type === 'call').length, calls);
      assert.ok(!JSON.stringify(response.parts).includes('hidden'), 'thoughts are no words to the engine');
      messages = [...messages, ...turnOf(response)];
    }
    const last = await model.generate(request(messages));
    assert.deepEqual(last.parts, [{ type: 'text', text: 'ok' }]);
    const sent = server.requests[3]?.body.contents ?? [];
    assert.equal(sent.length, 7);
    assert.deepEqual(sent[6]?.parts[0]?.functionResponse, {
      id: 'g-1',
      name: 'bash',
      response: { output: 'result of bash' },
    });
    assert.deepEqual(sent[5]?.parts.at(-1), { text: '', thoughtSignature: 'ZW5k' });
    const ids = messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'call' ? part.id : [])));
    assert.equal(new Set(ids).size, 5, 'ids are unique in a trajectory, whatever ids the provider repeats');
  },
);

test(
  'a trajectory taken to another model goes on with the sentinel in place of its signatures',
  deadline,
  async (t) => {
    const other = 'gemini-3-flash-test';
    const { server, model } = await connect(t, { models: [modelName, other] });
    server.script(answer({ chunks: [[bash('a'), bash('b')]] }));
    const messages = [say('go'), ...turnOf(await model.generate(request([say('go')])))];
    const environment = { GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: server.url };
    const response = await createGeminiModel(other, environment).generate(request(messages));
    assert.equal(response.finish.kind, 'stop');
    const calls = server.requests[1]?.body.contents[1]?.parts;
    assert.deepEqual(
      calls?.map((part) => part.thoughtSignature),
      ['skip_thought_signature_validator', undefined],
    );
  },
);

test(
  'the server refuses a signed call that was changed on the way, so the tests above can fail',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    server.script(answer({ chunks: [[bash('a')]] }));
    const response = await model.generate(request([say('go')]));
    const [turn, results] = turnOf(response);
    assert.ok(turn !== undefined && results !== undefined);
    const forged = { ...turn, native: JSON.parse(JSON.stringify(turn.native).replace('"a"', '"rm"')) as unknown };
    await assert.rejects(model.generate(request([say('go'), forged, results])), {
      kind: 'bad_request',
      message: /Thought signature is not valid/,
    });
  },
);

test('usage counts cached tokens within the input and thoughts apart from the output', deadline, async (t) => {
  const { server, model } = await connect(t);
  const usage = {
    promptTokenCount: 5000,
    cachedContentTokenCount: 4096,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 300,
  };
  server.script(answer({ chunks: [[{ text: 'x' }]], usage }), empty);
  const counted = await model.generate(request([say('go')]));
  assert.deepEqual(counted.usage, { input: 5000, cachedInput: 4096, output: 20, thoughts: 300 });
  const bare = await model.generate(request([say('go')]));
  assert.deepEqual(bare.usage, { input: 10, cachedInput: 0, output: 0, thoughts: 0 });
});

test('each end of an answer is told apart', deadline, async (t) => {
  const { server, model } = await connect(t);
  const cases = [
    { reply: text('x'), kind: 'stop', raw: /^STOP$/ },
    { reply: answer({ chunks: [[{ text: 'x' }]], finishReason: 'MAX_TOKENS' }), kind: 'length', raw: /^MAX_TOKENS$/ },
    {
      reply: answer({ chunks: [[{ text: 'x' }]], finishReason: 'CONTINUATION' }),
      kind: 'length',
      raw: /^CONTINUATION$/,
    },
    {
      reply: bareFinish('MALFORMED_FUNCTION_CALL', 'call:print("a\\b")'),
      kind: 'malformed',
      raw: /: call:print\("a\\b"\)$/,
    },
    { reply: bareFinish('UNEXPECTED_TOOL_CALL'), kind: 'malformed', raw: /^UNEXPECTED_TOOL_CALL$/ },
    { reply: bareFinish('SAFETY'), kind: 'blocked', raw: /^SAFETY$/ },
    { reply: bareFinish('SOMETHING_NEW'), kind: 'blocked', raw: /^SOMETHING_NEW$/ },
    { reply: promptBlocked('PROHIBITED_CONTENT'), kind: 'blocked', raw: /prompt blocked: PROHIBITED_CONTENT/ },
    { reply: empty, kind: 'incomplete', raw: /without a finish reason/ },
    {
      reply: answer({ chunks: [[{ text: 'so far' }]], finishReason: null }),
      kind: 'incomplete',
      raw: /without a finish reason/,
    },
  ];
  for (const { reply, kind, raw } of cases) {
    server.script(reply);
    const { finish } = await model.generate(request([say('go')]));
    assert.equal(finish.kind, kind);
    assert.match(finish.raw, raw);
  }
  assert.equal(server.requests.length, cases.length, 'one call is one request, also where Google offers to continue');
});

test('after an answer without content the conversation goes on', deadline, async (t) => {
  const { server, model } = await connect(t);
  server.script(bareFinish('MALFORMED_FUNCTION_CALL'));
  const response = await model.generate(request([say('go')]));
  const turn = { role: 'model' as const, parts: [{ type: 'text' as const, text: '' }], native: response.native };
  const next = await model.generate(request([say('go'), turn, say('again')]));
  assert.equal(next.finish.kind, 'stop');
});
