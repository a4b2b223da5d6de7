import assert from 'node:assert/strict';
import test from 'node:test';
import { testConnection } from '../../server/models/connectionTest.ts';
import { connect } from './openaiCalls.ts';
import { answer, callOf, openAiError, type Reply, refusal, text } from './openaiReplies.ts';
import type { OpenAiServerOptions, RecordedRequest } from './openaiServer.ts';

const deadline = { timeout: 60_000 };
const { signal } = new AbortController();

/** A model that does as it is told, as far as it can read: it repeats the password if it still sees it. */
function obedient({ seen, body }: RecordedRequest): Reply {
  if (!('messages' in body)) return text('?');
  const word = /The password is "([^"]+)"/.exec(seen)?.[1] ?? (seen.includes('very first line') ? 'unknown' : 'ready');
  const usage = { prompt_tokens: Math.ceil(seen.length / 5), completion_tokens: 9 };
  const native = { prompt_eval_count: usage.prompt_tokens, eval_count: 9 };
  return answer({ calls: [callOf('confirm', { word }, 'a')], usage: { ...usage, ...native } });
}

const cases: [string, OpenAiServerOptions][] = [
  ['vLLM', { flavour: 'vllm', contextTokens: 32_768 }],
  ['llama.cpp', { flavour: 'llamacpp', contextTokens: 20_000 }],
  ['Ollama, which would cut at 4,096 tokens on its other interface', { flavour: 'ollama' }],
  ['a server that does not tell its context', { flavour: 'plain' }],
];
for (const [name, options] of cases)
  test(`a long prompt comes through whole: ${name}`, deadline, async (t) => {
    const { server, model } = await connect(t, { ...options, respond: obedient });
    const report = await testConnection(model, { signal });
    assert.ok((report?.longPromptTokens ?? 0) >= 15_000);
    assert.equal(server.requests.length, 2, 'one small call and one long one');
    assert.ok((server.requests[1]?.seen.length ?? 0) > 70_000);
  });

test(
  'a server that loses the beginning of a prompt without a word is found out, and the way out is named',
  deadline,
  async (t) => {
    const { model } = await connect(t, { truncatesAt: 4096, respond: obedient });
    await assert.rejects(testConnection(model, { signal }), {
      kind: 'context_overflow',
      message: /loses the beginning of long prompts.*it read \d{4} of about 16384 tokens.*Ollama.*llama\.cpp.*vLLM/s,
    });
    const old = await connect(t, { flavour: 'ollama', truncatesAt: 4096, respond: obedient });
    await assert.rejects(testConnection(old.model, { signal }), { kind: 'context_overflow' });
  },
);

test('a model that read it all and does not remember is not mistaken for a server that cuts', deadline, async (t) => {
  const { model } = await connect(t, {
    respond: ({ seen }) =>
      answer({
        calls: [callOf('confirm', { word: 'ready' }, 'a')],
        usage: { prompt_tokens: Math.ceil(seen.length / 5), completion_tokens: 1 },
      }),
  });
  await assert.rejects(testConnection(model, { signal }), { message: /read a prompt of about 16384 tokens whole/ });
});

test('a context that no agent can work in is refused before a run, with the figure', deadline, async (t) => {
  const { server, model } = await connect(t, { flavour: 'llamacpp', contextTokens: 4096, respond: obedient });
  await assert.rejects(testConnection(model, { signal }), { kind: 'context_overflow', message: /4096 tokens at most/ });
  assert.equal(server.requests.length, 1, 'no long prompt is sent for it');
});

test('a server that can force a call but not leave the choice says which flag it lacks', deadline, async (t) => {
  const flags = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
  const { model } = await connect(t, {
    respond: (request) =>
      'tool_choice' in request.body && request.body.tool_choice === 'auto'
        ? refusal(400, openAiError(flags))
        : obedient(request),
  });
  await assert.rejects(testConnection(model, { signal }), { message: /Start vLLM with --enable-auto-tool-choice/ });
});
