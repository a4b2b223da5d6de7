import assert from 'node:assert/strict';
import test from 'node:test';
import { Usage } from '../../../protocol/trajectory.ts';
import { draftContext } from '../../../test/support/operatorContext.ts';
import type { GenerateRequest } from '../chatModel.ts';
import { Answer, Chunk, OllamaChunk } from './answer.ts';
import { eventsOf, linesOf } from './eventStream.ts';

const request: GenerateRequest = {
  system: '',
  messages: [],
  tools: [],
  toolMode: 'auto',
  maxOutputTokens: 100,
  seed: 1,
  context: draftContext(),
  caller: { agent: 'c1', step: 3, purpose: 'act', attempt: 0 },
  signal: new AbortController().signal,
};

/** Numbers in [0, 1), the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

async function* inPieces(bytes: Buffer, random: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * 7);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('a stream is read the same however its bytes are cut, with every kind of line end', async () => {
  const random = generator(3);
  for (const end of ['\n', '\r\n', '\r']) {
    const text = [
      ': hello',
      '',
      'event: a',
      'data: "größe',
      'data:  📈"',
      '',
      'data:x',
      '',
      'error: boom',
      'data: last',
    ];
    for (let round = 0; round < 50; round += 1) {
      const events = [];
      for await (const event of eventsOf(inPieces(Buffer.from(text.join(end)), random))) events.push(event);
      assert.deepEqual(events, [
        { event: 'a', data: '"größe\n 📈"' },
        { event: 'message', data: 'x' },
        { event: 'error', data: 'boom' },
        { event: 'message', data: 'last' },
      ]);
    }
  }
});

test('a line without end is given up, not kept', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (;;) yield piece;
  }
  await assert.rejects(
    async () => {
      for await (const line of linesOf(endless())) assert.fail(line.slice(0, 10));
    },
    { kind: 'malformed' },
  );
});

test('the ids of calls are the same when a call is made again, and differ between calls, steps and attempts', () => {
  const ids = (change: Partial<NonNullable<GenerateRequest['caller']>>) => {
    const caller = { agent: 'c1', step: 3, purpose: 'act', attempt: 0, ...change } as const;
    const answer = new Answer('m', { ...request, caller });
    const tools = [0, 1].map((index) => ({ index, id: 'call_0', function: { name: 'bash', arguments: '{}' } }));
    answer.add(Chunk.parse({ choices: [{ delta: { tool_calls: tools }, finish_reason: 'tool_calls' }] }));
    const { parts } = answer.response();
    return parts.flatMap((part) => (part.type === 'call' ? part.id : []));
  };
  assert.deepEqual(ids({}), ids({}));
  const all = [...ids({}), ...ids({ step: 4 }), ...ids({ attempt: 1 })];
  assert.equal(new Set(all).size, 6);
  for (const id of all) assert.match(id, /^[A-Za-z0-9]{9}$/);
});

test('each piece that comes is told, thoughts and arguments of calls included', () => {
  const pieces: number[] = [];
  const answer = new Answer('m', { ...request, onPiece: (characters) => pieces.push(characters) });
  const called = [{ index: 0, function: { name: 'bash', arguments: '{"comm' } }];
  for (const delta of [{ role: 'assistant' }, { reasoning: 'hmm' }, { tool_calls: called }, { content: 'x' }])
    answer.add(Chunk.parse({ choices: [{ delta }] }));
  answer.addOllama(OllamaChunk.parse({ message: { content: 'yz' } }));
  assert.deepEqual(pieces, [0, 3, 10, 1, 2]);
});

test('whatever a server sends, an answer comes of it or a refusal, and its parts are of the promised form', () => {
  const random = generator(11);
  const pick = <T>(...choices: T[]): T | undefined => choices[Math.floor(random() * choices.length)];
  const junk = (): unknown =>
    pick<unknown>(null, '', 'text', '{"a":', '{"a":1}', 0, -1, 1.5, 1e300, true, [], {}, [null]);
  const call = () => ({
    index: junk(),
    id: junk(),
    function: pick<unknown>(null, { name: junk(), arguments: junk() }, junk()),
  });
  const message = () => ({
    content: junk(),
    reasoning: junk(),
    tool_calls: pick<unknown>(null, [call(), call()], junk()),
  });
  let accepted = 0;
  for (let round = 0; round < 5000; round += 1) {
    const answer = new Answer('m', request);
    for (let count = 0; count < 4; count += 1) {
      const choices = pick<unknown>(undefined, [], [{ delta: message(), finish_reason: junk() }], junk());
      const usage = pick<unknown>(undefined, { prompt_tokens: junk(), completion_tokens: junk() }, junk());
      const chunk = Chunk.safeParse({ id: junk(), model: junk(), choices, usage });
      if (chunk.success) answer.add(chunk.data);
      const native = OllamaChunk.safeParse({
        message: pick<unknown>(message(), junk()),
        done: junk(),
        eval_count: junk(),
        prompt_eval_count: junk(),
      });
      if (native.success) answer.addOllama(native.data);
      accepted += Number(chunk.success) + Number(native.success);
    }
    const { parts, usage, finish } = answer.response();
    for (const part of parts) if (part.type === 'call') assert.equal(typeof part.name, 'string');
    Usage.parse(usage);
    assert.ok(finish.raw.length > 0);
  }
  assert.ok(accepted > 500, 'enough of it is taken for an answer to mean something');
});
