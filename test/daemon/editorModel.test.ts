/** Agents driven by a model of the editor: asked through the window, parked while there is none, and nothing fails for it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bridgeRefusals } from '../../protocol/client.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { RunFeed } from '../../protocol/runFeed.ts';
import type { AgentServerClient, GenerateHandler } from '../../protocol/serverClient.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { linearTask } from '../support/linearTask.ts';
import { linearProgram, writeProgram } from '../support/scriptedModel.ts';

const offer = { id: 'copilot/test-model', label: 'Test Model', maxInputTokens: 100_000 };
let server: TestServer;

before(async () => {
  server = await TestServer.inNewHome();
  await linearTask({ home: server.home });
});
after(() => server?.[Symbol.asyncDispose]());

/** A window: offers a model on every connection, and answers for it. */
async function openWindow(generate: GenerateHandler): Promise<AgentServerClient> {
  const client = await server.client({ kind: 'vscode', name: 'window' });
  client.answerGenerate(generate);
  client.keep(() => client.request('models.offer', { models: [offer] }));
  await until('the offer to be known', async () => {
    const { models } = await client.request('models.offered', {});
    return models.some(({ id }) => id === offer.id);
  });
  return client;
}

let asked = 0;
/** Passes the test of the connection, writes a program in its first turn and submits it in its second. */
const researcher: GenerateHandler = async ({ tools, messages }) => {
  asked += 1;
  const call = (name: string, args: unknown) => ({
    parts: [{ type: 'call' as const, id: `call-${asked}`, name, arguments: args }],
    inputTokens: 100,
    outputTokens: null,
  });
  if (tools.some(({ name }) => name === 'confirm')) return call('confirm', { word: 'ready' });
  const turn = messages.filter(({ role }) => role === 'model').length;
  if (turn === 0) return call('bash', { command: `sleep 1; ${writeProgram(`n = ${asked}\n${linearProgram(2.5)}`)}` });
  return call('submit', { summary: `turn ${turn}` });
};

describe('a model of the editor', { timeout: 1_500_000 }, () => {
  it('drives a run while a window is there, parks it while there is none, and fails no candidate', async () => {
    const watching = await server.client();
    const window = await openWindow(researcher);
    const { run } = await watching.request('run.start', {
      task: join(server.home, 'source'),
      settings: { model: `vscode:${offer.id}`, workers: 2, drafts: 2, candidates: 6 },
      operation: 'with a window',
    });
    const feed = new RunFeed(watching, run);
    await until('a first score', () => (feed.view?.summary.counts.scored ?? 0) >= 1, 180_000);
    await window.dispose();
    await until('the run to be parked', () => feed.view?.summary.outage !== null && feed.view !== null, 180_000);
    assert.match(feed.view?.summary.outage ?? '', /VS Code/);
    const scoredBefore = feed.view?.summary.counts.scored ?? 0;
    assert.ok(scoredBefore < 6);
    await openWindow(researcher);
    await until('the run to go on', () => feed.view?.summary.outage === null, 60_000);
    await until('the run to finish', () => feed.view?.summary.state === 'finished', 240_000);
    const { counts } = feed.view?.summary ?? {};
    assert.deepEqual({ scored: counts?.scored, failed: counts?.failed }, { scored: 6, failed: 0 });
  });

  it('that its person does not allow says so when it is tried, and starts no run', async () => {
    const window = await openWindow(() => {
      throw new RpcRefusal(bridgeRefusals.noPermission, 'The use of this model was not allowed.');
    });
    const report = await window.request('model.test', { model: `vscode:${offer.id}` });
    assert.deepEqual(report, { ok: false, kind: 'auth', message: 'The use of this model was not allowed.' });
    const before = (await window.request('runs.list', {})).runs.length;
    await assert.rejects(
      window.request('run.start', {
        task: join(server.home, 'source'),
        settings: { model: `vscode:${offer.id}`, candidates: 1 },
        operation: 'not allowed',
      }),
      /not allowed/,
    );
    assert.equal((await window.request('runs.list', {})).runs.length, before);
  });
});
