import assert from 'node:assert/strict';
import test from 'node:test';
import { draftContext } from '../../test/support/operatorContext.ts';
import {
  type ChatMessage,
  type ChatModel,
  ChatModelError,
  type GenerateRequest,
  type GenerateResponse,
} from '../models/chatModel.ts';
import { askModel } from './askModel.ts';
import { ConversationRefusedError, InterruptedError, ProviderStoppedError } from './limits.ts';

const answer: GenerateResponse = {
  parts: [{ type: 'text', text: 'ok' }],
  finish: { kind: 'stop', raw: 'stop' },
  usage: { input: 1, cachedInput: 0, output: 1, thoughts: 0 },
  native: undefined,
  model: 'm',
  requestId: null,
};

function model(...outcomes: (GenerateResponse | Error)[]): ChatModel {
  return {
    info: { id: 'm', label: 'm', isLanguageModel: true, contextTokens: null },
    generate: async () => {
      const outcome = outcomes.shift();
      if (outcome === undefined) throw new Error('asked too often');
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}

function request(messages: ChatMessage[] = [], signal = new AbortController().signal): GenerateRequest {
  const limits = { toolMode: 'auto' as const, maxOutputTokens: 100, seed: 1 };
  return { system: '', messages, tools: [], ...limits, context: draftContext(), signal };
}

const answered: ChatMessage[] = [
  { role: 'user', parts: [{ type: 'text', text: 'go' }] },
  { role: 'model', parts: [{ type: 'text', text: 'yes' }] },
];
const soon = { retryAfterMs: 30 };

test("the provider's trouble is waited out, and the time is told apart from the agent's", async () => {
  const busy = new ChatModelError('overloaded', 'busy', { retryAfterMs: 60 });
  const { response, parkedMs } = await askModel(model(busy, { ...answer, waitedMs: 5000 }), request());
  assert.equal(response.parts.length, 1);
  assert.ok(parkedMs >= 5060 && parkedMs < 20_000, String(parkedMs));
});

test('an answer that broke off is written down with what it cost, and its waiting is counted once', async () => {
  const broken: GenerateResponse = { ...answer, finish: { kind: 'incomplete', raw: 'cut' }, waitedMs: 100_000 };
  const parked: number[] = [];
  const asked = model(new ChatModelError('network', 'gone', soon), broken, answer);
  const { parkedMs } = await askModel(asked, request(), async (_response, ms) => {
    parked.push(ms);
  });
  assert.equal(parked.length, 1);
  assert.ok((parked[0] ?? 0) >= 100_030);
  assert.ok(parkedMs < 50_000, 'the wait before the broken answer was told with it');
});

test('a refusal of the first call stops the run; of a later one, only this conversation', async () => {
  const refused = new ChatModelError('bad_request', 'no', { status: 400 });
  await assert.rejects(askModel(model(refused), request()), ProviderStoppedError);
  await assert.rejects(askModel(model(refused), request(answered)), ConversationRefusedError);
  const poisoned = new ChatModelError('conversation_refused', 'fails every time', { status: 500 });
  await assert.rejects(askModel(model(poisoned), request()), ConversationRefusedError);
  const gone = new ChatModelError('bad_request', 'no such model', { status: 404 });
  await assert.rejects(askModel(model(gone), request(answered)), ProviderStoppedError);
  for (const kind of ['auth', 'quota_exhausted'] as const)
    await assert.rejects(askModel(model(new ChatModelError(kind, 'no')), request(answered)), ProviderStoppedError);
});

test('a shutdown ends a wait for the provider at once', async () => {
  const controller = new AbortController();
  const waiting = askModel(
    model(new ChatModelError('overloaded', 'busy', { retryAfterMs: 600_000 })),
    request([], controller.signal),
  );
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(waiting, InterruptedError);
});
