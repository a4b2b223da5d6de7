/** Compaction against a server that refuses what Google refuses: pairing, order of turns and signatures hold after every cut. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { runAgent } from '../../server/agent/loop.ts';
import { messagesOf } from '../../server/agent/transcript.ts';
import type { Workbench } from '../../server/agent/workbench.ts';
import { connect } from '../models/geminiCalls.ts';
import { answer, apiError, type Reply, text } from '../models/geminiReplies.ts';
import type { RecordedRequest } from '../models/geminiServer.ts';
import { bench, options } from '../support/agentBench.ts';
import { draftContext } from '../support/operatorContext.ts';

const call = (name: string, args: Record<string, unknown>) => ({ functionCall: { name, args } });
const tooLong = apiError({
  code: 400,
  status: 'INVALID_ARGUMENT',
  message: 'The input token count (40000) exceeds the maximum number of tokens allowed (30000).',
});

/** Every call prints a lot. */
const { workbench } = bench();
const print: Workbench['bash'] = (id, what, limit, commit) =>
  workbench.bash(id, what, limit, (result) => commit({ ...result, text: `${what}\n${'y'.repeat(9000)}` }));
const talkative: Workbench = { ...workbench, bash: print, python: print };

test('an agent on Gemini works on through masking, snapshots and a refusal as too long', {
  timeout: 60_000,
}, async (t) => {
  let acts = 0;
  let refused = 0;
  const respond = ({ body }: RecordedRequest): Reply => {
    const characters = JSON.stringify(body.contents).length;
    // Later on the provider has less room than it had said.
    if (acts > 28 && characters > 40_000) {
      refused += 1;
      return tooLong;
    }
    if (body.toolConfig?.functionCallingConfig.mode === 'NONE')
      return text('<state_snapshot>so far so good</state_snapshot>');
    acts += 1;
    if (acts === 40) return answer({ chunks: [[call('submit', { summary: 'done' })]] });
    const parallel = acts % 3 === 0 ? [call('python', { code: `b${acts}` })] : [];
    const idea = { text: `idea ${acts} ${'z'.repeat(2000)}` };
    const usage = { promptTokenCount: Math.ceil(characters / 4), candidatesTokenCount: 10 };
    return answer({ chunks: [[idea], [call('bash', { command: `a${acts}` }), ...parallel]], usage });
  };
  const { server, model } = await connect(t, { respond });
  model.info.contextTokens = 36_000;
  const limits = { ...draftContext().limits, maxSteps: 60 };
  const given = options(model, talkative, { context: draftContext({ limits }) });
  const result = await runAgent(given);
  assert.equal(result.reason, 'submitted', result.detail);

  const compacted = given.log.events.filter((event) => event.type === 'compacted');
  const kinds = new Set(compacted.map(({ how, why }) => `${how} ${why}`));
  for (const kind of ['masked budget', 'snapshot budget', 'cut overflow'])
    assert.ok(kinds.has(kind), [...kinds].join(', '));
  assert.ok(refused > 0);
  const last = JSON.stringify(server.requests.at(-1)?.body.contents);
  assert.match(last, /so far so good/);
  assert.match(last, /What the engine knows of your work so far/);

  // What a resumed agent reads is what this one read: from the log alone, after a trip to disk.
  const stored: TrajectoryEvent[] = JSON.parse(JSON.stringify(given.log.events));
  const beforeLast = stored.slice(
    0,
    stored.findLastIndex((event) => event.type === 'model'),
  );
  const replayed = options(model, talkative, {
    context: draftContext({ limits }),
    log: { events: beforeLast, append: async (event) => void beforeLast.push(event) },
  });
  acts = 39;
  assert.deepEqual(messagesOf(beforeLast), messagesOf(given.log.events.slice(0, beforeLast.length)));
  await runAgent(replayed);
  assert.deepEqual(server.requests.at(-1)?.body.contents, server.requests.at(-2)?.body.contents);
});
