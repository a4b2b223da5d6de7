import assert from 'node:assert/strict';
import test from 'node:test';
import { ChatModelError } from '../../server/models/chatModel.ts';
import { connect, request, say, turnOf } from './openaiCalls.ts';
import { answer, type Call, callOf, text, unstreamed } from './openaiReplies.ts';
import { ChatBody, OllamaBody } from './openaiRules.ts';
import { openAiModelName } from './openaiServer.ts';

const deadline = { timeout: 30_000 };
const bash = (command: string, id?: string): Call => callOf('bash', { command }, id);

test(
  'a request carries system, tools, seed, tool choice and limit, and a key only where there is one',
  deadline,
  async (t) => {
    const { server, model } = await connect(t, { apiKey: 'sk-0123456789' });
    await model.generate(request([say('go')], { toolMode: 'required', seed: 2 ** 40 }));
    const [sent] = server.requests;
    const body = ChatBody.parse(sent?.body);
    assert.equal(sent?.headers.authorization, 'Bearer sk-0123456789');
    assert.equal(body.model, openAiModelName);
    assert.deepEqual(body.messages[0], { role: 'system', content: 'You are an agent.' });
    assert.equal(body.tool_choice, 'required');
    assert.equal(body.max_tokens, 1024);
    assert.equal(body.tools?.length, 3);
    assert.ok((body.seed ?? -1) >= 0 && (body.seed ?? 0) < 2 ** 31);
    const open = await connect(t);
    await open.model.generate(request([say('go')], { toolMode: 'none' }));
    assert.equal(open.server.requests[0]?.headers.authorization, undefined);
    assert.equal(ChatBody.parse(open.server.requests[0]?.body).tool_choice, 'none');
  },
);

test('an answer cut anywhere, even inside a character, arrives whole, piece by piece', deadline, async (t) => {
  const { server, model } = await connect(t);
  for (const lineEnd of ['\n', '\r\n']) {
    server.script(answer({ text: ['Größe: ', '📈 naïve'], bytesPerWrite: 3, lineEnd }));
    const pieces: number[] = [];
    const response = await model.generate(request([say('go')], { onPiece: (characters) => pieces.push(characters) }));
    assert.deepEqual(
      pieces.filter((characters) => characters > 0),
      ['Größe: '.length, '📈 naïve'.length],
    );
    assert.deepEqual(response.parts, [{ type: 'text', text: 'Größe: 📈 naïve' }]);
    assert.deepEqual(response.finish, { kind: 'stop', raw: 'stop' });
    assert.equal(response.model, `${openAiModelName}-0001`);
    assert.equal(response.requestId, 'chatcmpl-1');
  }
});

test('parallel calls are told apart however the server numbers them', deadline, async (t) => {
  const { server, model } = await connect(t);
  const calls = [
    { id: 'a', name: 'bash', pieces: ['{"comm', 'and":"one"}'] },
    { id: 'b', name: 'bash', pieces: ['{"command":', '"two"}'] },
    { id: 'c', name: 'python', pieces: ['{"code":"3"}'] },
  ];
  for (const callStyle of ['openai', 'index0', 'bare'] as const) {
    server.script(answer({ text: ['I act.'], calls, callStyle, finishReason: 'stop' }));
    const { parts, finish } = await model.generate(request([say('go')]));
    assert.equal(finish.kind, 'tool_calls', 'also where the server says stop');
    const made = parts.flatMap((part) => (part.type === 'call' ? [[part.name, part.arguments]] : []));
    assert.deepEqual(
      made,
      [
        ['bash', { command: 'one' }],
        ['bash', { command: 'two' }],
        ['python', { code: '3' }],
      ],
      callStyle,
    );
  }
});

test(
  'many turns with calls and reasoning go back in the form that the strictest templates take',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    server.script(
      answer({ reasoning: { field: 'reasoning_content', text: 'hm' }, calls: [bash('ls', 'call_0')] }),
      answer({ text: ['Both.'], calls: [bash('a', 'call_0'), bash('b', 'call_0')], callStyle: 'bare' }),
      text('thoughts only'),
    );
    let messages = [say('go')];
    for (const calls of [1, 2, 0]) {
      const response = await model.generate(request(messages));
      assert.equal(response.parts.filter(({ type }) => type === 'call').length, calls);
      const [turn, results] = turnOf(response);
      assert.ok(turn !== undefined && results !== undefined);
      const notice = { type: 'text' as const, text: 'hurry' };
      messages = [...messages, turn, { role: 'user', parts: [...results.parts, notice] }];
    }
    const last = await model.generate(request(messages));
    assert.deepEqual(last.parts, [{ type: 'text', text: 'ok' }]);
    const sent = ChatBody.parse(server.requests.at(-1)?.body).messages;
    assert.deepEqual(
      sent.map(({ role }) => role),
      ['system', 'user', 'assistant', 'tool', 'user', 'assistant', 'tool', 'tool', 'user', 'assistant', 'user'],
    );
    const [, , first, , , second] = sent;
    assert.equal(first?.role === 'assistant' && first.reasoning_content, 'hm', 'reasoning goes back beside its calls');
    assert.equal(second?.role === 'assistant' && second.content, 'Both.');
    const ids = messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'call' ? part.id : [])));
    assert.equal(new Set(ids).size, 3, 'ids are unique in a trajectory, whatever ids the server repeats');
  },
);

test('a trajectory of another provider goes on here, and an empty answer in it leaves no gap', deadline, async (t) => {
  const { server, model } = await connect(t);
  const foreign = { provider: 'gemini', model: 'x', parts: [] };
  await model.generate(
    request([
      say('go'),
      { role: 'model', parts: [{ type: 'text', text: '' }], native: foreign },
      say('again'),
      { role: 'model', parts: [{ type: 'call', id: 'abcdefghi', name: 'bash', arguments: { command: 'ls' } }] },
      { role: 'user', parts: [{ type: 'result', callId: 'abcdefghi', name: 'bash', text: 'file', isError: false }] },
    ]),
  );
  const { messages } = ChatBody.parse(server.requests[0]?.body);
  assert.deepEqual(
    messages.map(({ role }) => role),
    ['system', 'user', 'assistant', 'tool'],
  );
  assert.equal(messages[1]?.content, 'go\n\nagain');
});

test(
  'broken arguments are shown to the agent, and go back as JSON that no server stumbles over',
  deadline,
  async (t) => {
    const { server, model } = await connect(t);
    server.script(answer({ calls: [{ id: 'a', name: 'bash', pieces: ['{"command": "ls'] }] }));
    const response = await model.generate(request([say('go')]));
    assert.equal(response.finish.kind, 'malformed');
    assert.deepEqual(
      response.parts.map((part) => part.type === 'call' && part.arguments),
      ['{"command": "ls'],
    );
    const next = await model.generate(request([say('go'), ...turnOf(response)]));
    assert.equal(next.finish.kind, 'stop');
  },
);

test('a call that the length limit cut is not made', deadline, async (t) => {
  const { server, model } = await connect(t);
  const calls = [bash('whole', 'a'), { id: 'b', name: 'bash', pieces: ['{"command": "rm -rf /tmp/a'] }];
  server.script(answer({ calls, finishReason: 'length' }));
  const { parts, finish } = await model.generate(request([say('go')]));
  assert.equal(finish.kind, 'length');
  assert.deepEqual(
    parts.map((part) => part.type === 'call' && part.arguments),
    [{ command: 'whole' }],
  );
});

test('usage counts cached tokens within the input and reasoning apart from the output', deadline, async (t) => {
  const { server, model } = await connect(t);
  const usage = {
    prompt_tokens: 5000,
    completion_tokens: 320,
    prompt_tokens_details: { cached_tokens: 4096 },
    completion_tokens_details: { reasoning_tokens: 300 },
  };
  server.script(answer({ text: ['x'], usage }), answer({ text: ['x'.repeat(400)], usage: null }));
  const counted = await model.generate(request([say('go')]));
  assert.deepEqual(counted.usage, { input: 5000, cachedInput: 4096, output: 20, thoughts: 300 });
  const silent = await model.generate(request([say('y'.repeat(4000))]));
  assert.equal(silent.usage.estimated, true, 'a server that counts nothing is not taken to be free');
  assert.equal(silent.usage.output, 100);
  assert.ok(silent.usage.input >= 1000);
});

test('each end of an answer is told apart', deadline, async (t) => {
  const { server, model } = await connect(t);
  const cases = [
    { reply: text('x'), kind: 'stop' },
    { reply: answer({ text: ['x'], finishReason: 'eos_token' }), kind: 'stop' },
    { reply: answer({ text: ['x'], finishReason: 'length' }), kind: 'length' },
    { reply: answer({ text: ['x'], finishReason: 'content_filter' }), kind: 'blocked' },
    { reply: answer({ text: ['so far'], finishReason: null }), kind: 'incomplete' },
    { reply: answer({ text: ['so far'], finishReason: 'abort' }), kind: 'incomplete' },
    { reply: answer({ text: ['x'], finishReason: 'something_new' }), kind: 'stop' },
    { reply: unstreamed({ content: 'whole' }, 'stop'), kind: 'stop' },
    {
      reply: unstreamed(
        { content: null, tool_calls: [{ function: { name: 'bash', arguments: { command: 'a' } } }] },
        'stop',
      ),
      kind: 'tool_calls',
    },
  ];
  for (const { reply, kind } of cases) {
    server.script(reply);
    const { finish } = await model.generate(request([say('go')]));
    assert.equal(finish.kind, kind, finish.raw);
  }
  assert.equal(server.requests.length, cases.length);
});

test(
  'the context length is learnt from vLLM and llama.cpp, and the answer is asked to fit into it',
  deadline,
  async (t) => {
    for (const flavour of ['vllm', 'llamacpp'] as const) {
      const { server, model } = await connect(t, { flavour, contextTokens: 16_000 });
      const response = await model.generate(request([say('x'.repeat(30_000))], { maxOutputTokens: 32_768 }));
      assert.equal(response.finish.kind, 'stop', 'vLLM refuses prompt and answer that do not fit together');
      assert.equal(model.info.contextTokens, 16_000);
      assert.equal(server.requests[0]?.path, '/v1/chat/completions', 'llama.cpp is not taken for Ollama');
      const asked = ChatBody.parse(server.requests[0]?.body).max_tokens ?? 0;
      assert.ok(asked > 2000 && asked < 8500, String(asked));
    }
    const { model } = await connect(t, { flavour: 'vllm', contextTokens: 4000 });
    const tooLong = model.generate(request([say('x'.repeat(30_000))]));
    await assert.rejects(tooLong, { kind: 'context_overflow' });
  },
);

test('Ollama is found out, and asked in its own language for a context that fits', deadline, async (t) => {
  const { server, model } = await connect(t, { flavour: 'ollama' });
  const reasoning = { field: 'reasoning' as const, text: 'hm' };
  server.script(answer({ reasoning, text: ['Both: '], calls: [bash('a'), bash('b')], bytesPerWrite: 5 }));
  const first = request([say(`begin ${'x'.repeat(60_000)}`)], { maxOutputTokens: 32_768 });
  const response = await model.generate(first);
  assert.equal(response.finish.kind, 'tool_calls');
  assert.deepEqual(response.usage, { input: 10, cachedInput: 0, output: 5, thoughts: 0 });
  const sent = server.requests[0];
  const { options, truncate, tools } = OllamaBody.parse(sent?.body);
  assert.equal(sent?.path, '/api/chat');
  assert.equal(options.num_ctx, 32_768);
  assert.equal(truncate, false);
  assert.equal(tools?.length, 3);
  assert.ok(options.num_predict < 32_768 - 15_000, 'the answer is asked to fit beside the prompt');
  assert.match(sent?.seen ?? '', /^You are an agent.\nbegin x/, 'nothing is cut');
  const next = await model.generate(request([...first.messages, ...turnOf(response)], { toolMode: 'none' }));
  assert.equal(next.finish.kind, 'stop');
  const { messages, tools: none } = OllamaBody.parse(server.requests[1]?.body);
  assert.equal(none, undefined, 'no tools where none may be called');
  assert.deepEqual(messages[3], {
    role: 'tool',
    tool_name: 'bash',
    tool_call_id: messages[3]?.tool_call_id,
    content: 'result of bash',
  });
  assert.equal(messages[2]?.thinking, 'hm');
  const overflow = model.generate(request([say('x'.repeat(200_000))]));
  await assert.rejects(overflow, { kind: 'context_overflow' });
});

test(
  'Ollama gives no more context than its model has, and is asked for more only when told to',
  deadline,
  async (t) => {
    const small = await connect(t, { flavour: 'ollama', contextTokens: 8192 });
    await small.model.generate(request([say('go')]));
    assert.equal(small.model.info.contextTokens, 8192);
    const large = await connect(t, { flavour: 'ollama' }, { environment: { OPENAI_CONTEXT_TOKENS: '65536' } });
    await large.model.generate(request([say('go')]));
    assert.equal(OllamaBody.parse(large.server.requests[0]?.body).options.num_ctx, 65_536);
  },
);

test('a model that Ollama lacks, or that cannot call tools, is named with what to do', deadline, async (t) => {
  const lacking = await connect(t, { flavour: 'ollama', models: ['another'] });
  await assert.rejects(lacking.model.generate(request([say('go')])), (error: unknown) => {
    assert.ok(ChatModelError.is(error));
    assert.match(error.message, /ollama pull qwen/);
    return !error.isTransient;
  });
  const toolless = await connect(t, { flavour: 'ollama', capabilities: ['completion', 'vision'] });
  await assert.rejects(toolless.model.generate(request([say('go')])), {
    kind: 'bad_request',
    message: /cannot call tools/,
  });
});
