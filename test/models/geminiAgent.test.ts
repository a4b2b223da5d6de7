import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type AgentOptions, runAgent } from '../../server/agent/loop.ts';
import { StoredTrajectory } from '../../server/agent/trajectoryLog.ts';
import type { ToolOutcome, Workbench } from '../../server/agent/workbench.ts';
import type { ChatModel } from '../../server/models/chatModel.ts';
import { draftContext } from '../support/operatorContext.ts';
import { apiKey, connect } from './geminiCalls.ts';
import { answer, apiError, bareFinish, dropInStream, retryInfo } from './geminiReplies.ts';

const solution = { path: 'solution.py', contentBase64: btoa('print(1)') };

/** Runs nothing: says what was asked of it. `stopAt` interrupts the agent when that command comes. */
function workbench(ran: string[], stopAt?: { command: string; controller: AbortController }): Workbench {
  const tool = async (_id: string, what: string, _limit: number, commit: (result: ToolOutcome) => Promise<void>) => {
    if (what === stopAt?.command) {
      stopAt.controller.abort();
      await commit({ outcome: 'interrupted', text: '', fullTextPath: null, durationMs: 1 });
    }
    ran.push(what);
    await commit({ outcome: 'ok', text: `did ${what}`, fullTextPath: null, durationMs: 1 });
  };
  return { kept: true, bash: tool, python: tool, collect: (_id, _directory, commit) => commit({ files: [solution] }) };
}

function agentOptions(model: ChatModel, log: StoredTrajectory, bench: Workbench, signal: AbortSignal): AgentOptions {
  return {
    context: draftContext(),
    model,
    seed: 1,
    log,
    workbench: bench,
    execIdPrefix: 'c1',
    runRemainingMs: () => Number.POSITIVE_INFINITY,
    saveProgram: async () => undefined,
    entryFile: 'solution.py',
    signal,
  };
}

const call = (name: string, args: Record<string, unknown>) => ({ functionCall: { name, args } });

test('an agent on Gemini lives through faults, is stopped between two parallel calls, and goes on from its log', {
  timeout: 60_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-gemini-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'trajectory.jsonl');
  const { server, model } = await connect(t);
  const busy = { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow down.', details: [retryInfo('0.05s')] };
  server.script(
    apiError(busy),
    answer({ chunks: [[{ text: 'I look first.' }], [call('bash', { command: 'ls' })]] }),
    dropInStream,
    bareFinish('MALFORMED_FUNCTION_CALL', 'call:'),
    bareFinish('MALFORMED_FUNCTION_CALL', 'call:bash'),
    bareFinish('MALFORMED_FUNCTION_CALL', 'call:bash{'),
    answer({ chunks: [[call('bash', { command: 'a' }), call('python', { code: 'b' })]] }),
  );

  const controller = new AbortController();
  const ran: string[] = [];
  const before = await StoredTrajectory.open(path);
  const stopped = agentOptions(model, before, workbench(ran, { command: 'b', controller }), controller.signal);
  await assert.rejects(runAgent(stopped), { name: 'InterruptedError' });
  await before.close();

  server.script(answer({ chunks: [[call('submit', { summary: 'a program' })]] }));
  const after = await StoredTrajectory.open(path);
  const resumed = agentOptions(model, after, workbench(ran), new AbortController().signal);
  const result = await runAgent(resumed);
  await after.close();

  assert.deepEqual(result, { reason: 'submitted', detail: 'a program', steps: 4 });
  assert.deepEqual(ran, ['ls', 'a', 'b'], 'no call is lost, none is made twice');
  const last = server.requests.at(-1)?.body.contents ?? [];
  assert.deepEqual(
    last.map(({ role }) => role),
    ['user', 'model', 'user', 'model', 'user'],
    'the answer without content is left out, and its neighbours are one turn',
  );
  const responses = last[4]?.parts.map((part) => part.functionResponse?.name);
  assert.deepEqual(responses, ['bash', 'python']);
  assert.match(
    JSON.stringify(last[2]?.parts),
    /MALFORMED_FUNCTION_CALL: call:bash\{/,
    'the agent is told what was malformed',
  );
  assert.ok(!(await readFile(path, 'utf8')).includes(apiKey));
});
