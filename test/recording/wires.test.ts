/** Exchanges over a real socket, recorded and served again: bytes, faults, order, secrets. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Caller } from '../../server/models/chatModel.ts';
import { CassetteWriter, exchangesFile, readCassette } from '../../server/models/recording/cassette.ts';
import { recordingWire } from '../../server/models/recording/recordingWire.ts';
import { replayingWire } from '../../server/models/recording/replayingWire.ts';
import { redactor } from '../../server/models/redaction.ts';

const secret = 'sk-sentinel-0123456789';
const timeout = { timeout: 30_000 };
const caller = (step: number, attempt = 0): Caller => ({ agent: 'c1', step, purpose: 'act', attempt });
const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { authorization: `Bearer ${secret}` },
  body: JSON.stringify(body),
});

async function stage(t: TestContext, listener: RequestListener) {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-wires-'));
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t.after(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });
  const options = { redact: redactor([secret]), folders: ['/home/somebody'], network: fetch };
  return {
    folder,
    url: `http://127.0.0.1:${address.port}/prefix/v1/chat?alt=sse`,
    /** A recorder in a process of its own, as far as the cassette can tell. */
    record: async () => {
      const cassette = await CassetteWriter.open(folder);
      return { wire: recordingWire({ ...options, cassette }), close: () => cassette.close() };
    },
    replay: async () => replayingWire(await readCassette(folder), { folders: ['/srv/else'], folder }),
  };
}

const elsewhere = 'https://another.example/v1/chat?alt=sse';

test('an answer passes on as it comes, is on disk when it ends, and comes again byte for byte', timeout, async (t) => {
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
  const { folder, url, record, replay } = await stage(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'set-cookie': 'who=we', 'retry-after': '7' });
    response.write('data: Größe ');
    void heard.then(() => response.end(Buffer.from('📈\n\n')));
  });
  const { wire, close } = await record();
  const response = await wire(caller(1))(url, post({ text: 'in /home/somebody/x' }));
  const pieces: string[] = [];
  assert.ok(response.body !== null);
  // The rest comes when the beginning has been passed on.
  for await (const piece of response.body) {
    pieces.push(Buffer.from(piece).toString());
    hear();
  }
  assert.ok(pieces.length > 1, 'it streams');
  assert.match(await readFile(exchangesFile(folder), 'utf8'), /c1 step 1 act attempt 0/);
  await close();
  const again = await (await replay())(caller(1))(elsewhere, post({ text: 'in /srv/else/x' }));
  assert.equal(await again.text(), 'data: Größe 📈\n\n');
  assert.equal(again.headers.get('retry-after'), '7');
  assert.equal(again.headers.get('set-cookie'), null);
});

test('neither key nor header of a request is on disk, also where the server echoes it', timeout, async (t) => {
  const { folder, url, record } = await stage(t, (request, response) =>
    response.end(`you are ${request.headers.authorization}`),
  );
  const { wire, close } = await record();
  await (await wire(caller(1))(url, post({ prompt: `my key is ${secret}` }))).text();
  await close();
  const stored = await readFile(exchangesFile(folder), 'utf8');
  assert.ok(!stored.includes(secret) && !stored.includes('authorization'), stored);
  assert.match(stored, /you are Bearer \[secret\]/);
});

test(
  'every try of a call is served in its turn: refused, cut off, then answered; and no more than there were',
  timeout,
  async (t) => {
    let tries = 0;
    const { url, record, replay } = await stage(t, (_request, response) => {
      tries += 1;
      if (tries === 1) response.writeHead(503).end('busy');
      else if (tries === 2) {
        response.writeHead(200);
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      } else response.end('whole');
    });
    const { wire, close } = await record();
    const outcomes = async (send: typeof fetch, to: string) => {
      const said: string[] = [];
      for (let at = 0; at < 3; at += 1) {
        try {
          const response = await send(to, post({ at: '12:30:01' }));
          said.push(`${response.status} ${await response.text()}`);
        } catch (error) {
          assert.ok(error instanceof TypeError, String(error));
          said.push('broken');
        }
      }
      return said;
    };
    const recorded = await outcomes(wire(caller(1)), url);
    await close();
    assert.deepEqual(recorded, ['503 busy', 'broken', '200 whole']);
    const again = (await replay())(caller(1));
    assert.deepEqual(await outcomes(again, elsewhere), recorded);
    await assert.rejects(again(elsewhere, post({ at: '12:30:01' })), {
      kind: 'not_recorded',
      message: /was asked 3 times when it was made, and now once more/,
    });
  },
);

test('nobody listening, and a caller who gives up, are recorded as what they were', timeout, async (t) => {
  const { url, record, replay } = await stage(t, (_request, response) => {
    response.writeHead(200);
    response.write('and so on');
  });
  const { wire, close } = await record();
  await assert.rejects(wire(caller(1))('http://127.0.0.1:9/v1/chat?alt=sse', post({})), { message: /fetch failed/ });
  const patience = new AbortController();
  const response = await wire(caller(2))(url, { ...post({}), signal: patience.signal });
  const text = response.text();
  patience.abort();
  await assert.rejects(text);
  await close();
  const again = await replay();
  await assert.rejects(again(caller(1))(elsewhere, post({})), { message: /fetch failed/ });
  await assert.rejects((await again(caller(2))(elsewhere, post({}))).text());
});

test('a caller who has read all that it wanted, and waits for no end, gets the same again', timeout, async (t) => {
  const { url, record, replay } = await stage(t, (_request, response) => {
    response.writeHead(200);
    response.write('data: [DONE]');
  });
  const { wire, close } = await record();
  const response = await wire(caller(1))(url, post({}));
  for await (const piece of response.body ?? []) if (Buffer.from(piece).toString().includes('[DONE]')) break;
  await close();
  assert.equal(await (await (await replay())(caller(1))(elsewhere, post({}))).text(), 'data: [DONE]');
});

test('another request is refused in words that name the difference, and so is an unknown step', timeout, async (t) => {
  const { folder, url, record, replay } = await stage(t, (_request, response) => response.end('ok'));
  const { wire, close } = await record();
  const body = (score: string) => ({
    messages: [
      { role: 'user', content: 'task' },
      { role: 'tool', content: `rmse ${score}` },
    ],
  });
  await (await wire(caller(1))(url, post(body('0.51')))).text();
  await close();
  const again = await replay();
  await assert.rejects(again(caller(1))(elsewhere, post(body('0.52'))), (error: Error) => {
    assert.ok(error.message.includes(folder));
    assert.match(error.message, /messages\[1\].*Recorded: ".*rmse 0\.51.*now: ".*rmse 0\.52/);
    return true;
  });
  await assert.rejects(again(caller(4))(elsewhere, post({})), { message: /nothing for c1 step 4.*--record/ });
});

test('what a resumed run was answered takes the place of what its killed predecessor was', timeout, async (t) => {
  let count = 0;
  const { url, record, replay } = await stage(t, (_request, response) => {
    count += 1;
    response.end(`answer ${count}`);
  });
  for (let session = 0; session < 2; session += 1) {
    const { wire, close } = await record();
    await (await wire(caller(3))(url, post({ step: 3 }))).text();
    await close();
  }
  const again = await replay();
  assert.equal(await (await again(caller(3))(elsewhere, post({ step: 3 }))).text(), 'answer 2');
});

test('a conversation is not stored again with each of its steps', timeout, async (t) => {
  const { folder, url, record } = await stage(t, (_request, response) => response.end('ok'));
  const { wire, close } = await record();
  const messages: string[] = [];
  for (let step = 1; step <= 20; step += 1) {
    messages.push(`message ${step} ${'x'.repeat(10_000)}`);
    await (await wire(caller(step))(url, post({ messages }))).text();
  }
  await close();
  const { length } = await readFile(exchangesFile(folder), 'utf8');
  assert.ok(length < 300_000, `${length} bytes for 200 000 of conversation`);
});
