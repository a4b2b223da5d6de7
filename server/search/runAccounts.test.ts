import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { draftContext } from '../../test/support/operatorContext.ts';
import { type ChatModel, ChatModelError, type GenerateResponse } from '../models/chatModel.ts';
import { Governor } from '../models/governor/governor.ts';
import { RunStore } from '../store/runStore.ts';
import { RunAccounts } from './runAccounts.ts';

const response: GenerateResponse = {
  parts: [{ type: 'text', text: 'ok' }],
  finish: { kind: 'stop', raw: 'stop' },
  usage: { input: 10, cachedInput: 0, output: 1, thoughts: 0 },
  native: undefined,
  model: 'm',
  requestId: null,
};

const request = () => ({
  system: '',
  messages: [],
  tools: [],
  toolMode: 'auto' as const,
  maxOutputTokens: 10,
  seed: 1,
  context: draftContext(),
  signal: new AbortController().signal,
});

test('agents of the same name in two runs are two to the governor that they share', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'aira2-accounts-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const governor = new Governor({ breaker: { threshold: 1000 } });
  const agentOf = async (id: string, generate: ChatModel['generate']): Promise<ChatModel> => {
    const store = await RunStore.create(home, id, runStarted());
    t.after(() => store.close());
    const model = { info: { id: 'm', label: 'm', isLanguageModel: true, contextTokens: null }, generate };
    const accounts = await RunAccounts.open({ store, model, price: null, governor });
    const events: TrajectoryEvent[] = [];
    const append = async (event: TrajectoryEvent) => void events.push(event);
    return (await accounts.openAccount('c3', { events, append })).model;
  };
  const failing = await agentOf('20260101-000000-toy-aa01', () =>
    Promise.reject(new ChatModelError('overloaded', 'a template stumbles', { status: 500 })),
  );
  const healthy = await agentOf('20260101-000000-toy-aa02', async () => response);
  const kinds: unknown[] = [];
  for (let round = 0; round < 10; round += 1) {
    await failing.generate(request()).catch((error: unknown) => kinds.push(ChatModelError.is(error) && error.kind));
    await healthy.generate(request());
  }
  assert.equal(kinds.indexOf('conversation_refused'), 8, String(kinds));
});
