import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { Peer } from '../../protocol/rpc.ts';
import {
  FrameTooLargeError,
  PeerClosedError,
  RemoteError,
  RequestTimeoutError,
  RpcRefusal,
  RpcSchemaError,
} from '../../protocol/rpcErrors.ts';

const left = {
  double: { params: z.object({ n: z.int() }), result: z.object({ twice: z.int() }) },
  hang: { params: z.object({}), result: z.object({}) },
  refuse: { params: z.object({}), result: z.object({}) },
  crash: { params: z.object({}), result: z.object({}) },
  fill: { params: z.object({ bytes: z.int() }), result: z.object({ text: z.string() }) },
  take: { params: z.object({ text: z.string() }), result: z.object({}) },
  unhandled: { params: z.object({}), result: z.object({}) },
  /** The two ends disagree about this one. */
  vague: { params: z.object({}), result: z.object({ count: z.union([z.int(), z.string()]) }) },
} as const;
const right = { ...left, vague: { params: z.object({}), result: z.object({ count: z.int() }) } } as const;
const nothing = {} as const;

const maxPayloadBytes = 100_000;
let server: WebSocketServer;
let url = '';
const warnings: string[] = [];
const sockets: WebSocket[] = [];

before(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: maxPayloadBytes });
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  url = `ws://127.0.0.1:${address.port}`;
});
after(() => server.close());
afterEach(() => {
  for (const socket of sockets.splice(0)) {
    socket.terminate();
  }
  warnings.length = 0;
});

const hangs: AbortSignal[] = [];

/** A raw socket to a peer that answers the methods above. */
async function connect() {
  const accepted = once(server, 'connection');
  const raw = new WebSocket(url);
  const [[theirs]] = await Promise.all([accepted, once(raw, 'open')]);
  sockets.push(raw, theirs);
  const log = { warn: (message: string) => warnings.push(message) };
  const answering = new Peer(theirs, { local: left, remote: nothing, maxPayloadBytes, log });
  answering.handle('double', ({ n }) => ({ twice: 2 * n }));
  answering.handle('hang', (_params, { signal }) => {
    hangs.push(signal);
    return new Promise(() => undefined);
  });
  answering.handle('refuse', () => {
    throw new RpcRefusal('too_late', 'the shop is closed');
  });
  answering.handle('crash', () => {
    throw new Error('secret detail');
  });
  answering.handle('fill', ({ bytes }) => ({ text: 'x'.repeat(bytes) }));
  answering.handle('take', () => ({}));
  answering.handle('vague', () => ({ count: 'many' }));
  answering.listen();
  return { raw, answering };
}

async function connectPeer() {
  const { raw, answering } = await connect();
  const log = { warn: (message: string) => warnings.push(message) };
  const asking = new Peer(raw, { local: nothing, remote: right, maxPayloadBytes, log });
  asking.listen();
  return { asking, answering, raw };
}

async function answerTo(raw: WebSocket, frame: string | Buffer): Promise<unknown> {
  const answer = once(raw, 'message', { signal: AbortSignal.timeout(5000) });
  raw.send(frame);
  const [data] = await answer;
  return JSON.parse(String(data));
}

const Failure = z.object({ id: z.union([z.int(), z.string(), z.null()]), error: z.object({ code: z.int() }) });

describe('a peer', () => {
  it('answers a request with a checked result', async () => {
    const { asking } = await connectPeer();
    assert.deepEqual(await asking.request('double', { n: 21 }, { timeoutMs: 5000 }), { twice: 42 });
  });

  it('answers many requests at once, each with its own result', async () => {
    const { asking } = await connectPeer();
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const results = await Promise.all(numbers.map((n) => asking.request('double', { n }, { timeoutMs: 5000 })));
    assert.deepEqual(
      results.map(({ twice }) => twice),
      numbers.map((n) => 2 * n),
    );
  });

  it('gives up at the deadline and tells the other end', async () => {
    const { asking } = await connectPeer();
    hangs.length = 0;
    await assert.rejects(asking.request('hang', {}, { timeoutMs: 50 }), RequestTimeoutError);
    const [signal] = hangs;
    assert.ok(signal !== undefined);
    if (!signal.aborted) {
      await once(signal, 'abort', { signal: AbortSignal.timeout(5000) });
    }
    assert.deepEqual(await asking.request('double', { n: 1 }, { timeoutMs: 5000 }), { twice: 2 });
  });

  it('gives up when its caller does', async () => {
    const { asking } = await connectPeer();
    const abort = new AbortController();
    const request = asking.request('hang', {}, { timeoutMs: 60_000, signal: abort.signal });
    abort.abort(new Error('changed my mind'));
    await assert.rejects(request, /changed my mind/);
  });

  it('carries a refusal with its kind, and hides what a crash says', async () => {
    const { asking } = await connectPeer();
    await assert.rejects(asking.request('refuse', {}, { timeoutMs: 5000 }), (error) => {
      assert.ok(error instanceof RemoteError);
      assert.equal(error.kind, 'too_late');
      assert.equal(error.message, 'the shop is closed');
      return true;
    });
    await assert.rejects(asking.request('crash', {}, { timeoutMs: 5000 }), (error) => {
      assert.ok(error instanceof RemoteError);
      assert.equal(error.kind, null);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.ok(warnings.some((line) => line.includes('secret detail')));
  });

  it('rejects everything unanswered when the connection ends', async () => {
    const { asking, raw } = await connectPeer();
    const requests = [1, 2, 3].map(() => asking.request('hang', {}, { timeoutMs: 60_000 }));
    raw.terminate();
    for (const request of requests) {
      await assert.rejects(request, PeerClosedError);
    }
    await assert.rejects(asking.request('double', { n: 1 }, { timeoutMs: 5000 }), PeerClosedError);
    await asking.closed;
  });

  it('sends nothing larger than the other end takes, and the connection lives on', async () => {
    const { asking } = await connectPeer();
    const text = 'x'.repeat(maxPayloadBytes);
    await assert.rejects(asking.request('take', { text }, { timeoutMs: 5000 }), FrameTooLargeError);
    await assert.rejects(asking.request('fill', { bytes: maxPayloadBytes }, { timeoutMs: 5000 }), RemoteError);
    assert.deepEqual(await asking.request('double', { n: 4 }, { timeoutMs: 5000 }), { twice: 8 });
  });

  it('does not send parameters, nor believe a result, that do not fit the table', async () => {
    const { asking } = await connectPeer();
    await assert.rejects(asking.request('double', { n: 0.5 }, { timeoutMs: 5000 }), RpcSchemaError);
    await assert.rejects(asking.request('vague', {}, { timeoutMs: 5000 }), RpcSchemaError);
  });

  it('drops notifications rather than let them pile up before a slow reader', async () => {
    const { asking, raw } = await connectPeer();
    raw.pause();
    assert.equal(asking.notify('take', { text: 'x' }, 1_000_000), true);
    assert.equal(asking.notify('take', { text: 'x' }, -1), false);
    raw.terminate();
    await asking.closed;
    assert.equal(asking.notify('take', { text: 'x' }, 1_000_000), false);
  });

  const malformed: [string, string | Buffer, number, number | string | null][] = [
    ['half a JSON text', '{"jsonrpc": "2.0", "id": 1', -32_700, null],
    ['a binary frame', Buffer.from([0, 159, 146, 150]), -32_600, null],
    ['an array', '[]', -32_600, null],
    ['null', 'null', -32_600, null],
    ['a number', '17', -32_600, null],
    ['another version', '{"jsonrpc":"1.0","id":5,"method":"double","params":{"n":1}}', -32_600, 5],
    ['an object for an id', '{"jsonrpc":"2.0","id":{},"method":"double","params":{"n":1}}', -32_600, null],
    ['a string for parameters', '{"jsonrpc":"2.0","id":6,"method":"double","params":"n"}', -32_600, 6],
    ['a cancellation of nothing', '{"jsonrpc":"2.0","method":"$/cancelRequest"}', -32_600, null],
    ['a cancellation with null', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":null}', -32_600, null],
    ['a response without content', '{"jsonrpc":"2.0","id":7}', -32_600, 7],
    ['an unknown method', '{"jsonrpc":"2.0","id":8,"method":"toString","params":{}}', -32_601, 8],
    ['a method nobody handles', '{"jsonrpc":"2.0","id":"u","method":"unhandled","params":{}}', -32_601, 'u'],
    ['wrong parameters', '{"jsonrpc":"2.0","id":9,"method":"double","params":{"n":"1"}}', -32_602, 9],
    ['parameters by position', '{"jsonrpc":"2.0","id":10,"method":"double","params":[1]}', -32_602, 10],
    ['no parameters', '{"jsonrpc":"2.0","id":11,"method":"double"}', -32_602, 11],
  ];
  for (const [what, frame, code, id] of malformed) {
    it(`answers ${what} with error ${code} and goes on`, async () => {
      const { raw } = await connect();
      const failure = Failure.parse(await answerTo(raw, frame));
      assert.equal(failure.error.code, code);
      assert.equal(failure.id, id);
      const good = await answerTo(raw, '{"jsonrpc":"2.0","id":99,"method":"double","params":{"n":3}}');
      assert.deepEqual(good, { jsonrpc: '2.0', id: 99, result: { twice: 6 } });
    });
  }

  it('takes no notice of answers to questions it never asked', async () => {
    const { raw } = await connect();
    raw.send('{"jsonrpc":"2.0","id":4711,"result":{}}');
    raw.send('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}');
    raw.send('{"jsonrpc":"2.0","method":"nobody/knows","params":{}}');
    const good = await answerTo(raw, '{"jsonrpc":"2.0","id":1,"method":"double","params":{"n":3}}');
    assert.deepEqual(good, { jsonrpc: '2.0', id: 1, result: { twice: 6 } });
  });

  it('refuses requests beyond a bound instead of holding them all', async () => {
    const { raw } = await connect();
    const refused = once(raw, 'message', { signal: AbortSignal.timeout(10_000) });
    for (let id = 0; id < 1025; id += 1) {
      raw.send(`{"jsonrpc":"2.0","id":${id},"method":"hang","params":{}}`);
    }
    const [data] = await refused;
    assert.equal(Failure.parse(JSON.parse(String(data))).id, 1024);
  });

  it('closes a connection whose frame exceeds the bound, and the process lives', async () => {
    const { raw, answering } = await connect();
    const closed = once(raw, 'close');
    raw.send('x'.repeat(maxPayloadBytes + 1));
    const [code] = await closed;
    assert.equal(code, 1009);
    await answering.closed;
  });
});
