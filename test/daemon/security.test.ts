/** The door of the agent server: who may not come in does not, and what comes in cannot reach beyond what it may. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { maxClientFrameBytes } from '../../protocol/client.ts';
import { clientProtocol } from '../../protocol/clientViews.ts';
import { dial } from '../../protocol/dial.ts';
import { DiscoveryError } from '../../protocol/discovery.ts';
import { findServer } from '../../protocol/findServer.ts';
import { DialError, RemoteError } from '../../protocol/rpcErrors.ts';
import { AgentServerClient } from '../../protocol/serverClient.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { candidate, runStarted } from '../support/candidates.ts';

const run = '20260103-000000-linear-c001';
const secret = 'the labels of the hidden rows';
let server: TestServer;
let port: number;
let token: string;

before(async () => {
  server = await TestServer.inNewHome({ args: ['--port', '0'] });
  const store = await RunStore.create(server.home, run, runStarted());
  await store.append({ type: 'candidate_started', candidate: candidate(1), request: null, generator: [1, 2, 3, 4] });
  await store.close();
  const { program, directory, evaluationLog, trajectory } = store.candidatePaths(1);
  await mkdir(join(program, 'package'), { recursive: true });
  await writeFile(join(program, 'solution.py'), 'print(1)\n');
  await writeFile(join(server.home, 'secret.txt'), secret);
  // What a hostile program may have left.
  await symlink(join(server.home, 'secret.txt'), join(program, 'link.txt'));
  await symlink(server.home, join(program, 'package', 'home'));
  await symlink('/dev/zero', join(program, 'endless'));
  await symlink(join(server.home, 'secret.txt'), evaluationLog);
  await writeFile(trajectory, '');
  await mkdir(join(directory, 'outputs'));
  await symlink(join(server.home, 'secret.txt'), join(directory, 'outputs', 'c1-1-0.txt.gz'));
  const found = await server.start();
  token = found.token;
  port = Number(new URL(found.url).port);
});
after(() => server?.[Symbol.asyncDispose]());

/** The first line of what the server answers to a handshake made by hand. */
function handshake(headers: Record<string, string>, path = '/client'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1').split('\r\n')[0] ?? '');
    });
    socket.once('error', reject);
    socket.setTimeout(20_000, () => reject(new Error('no answer to the handshake')));
  });
}

const ours = () => ({ Host: `127.0.0.1:${port}`, Authorization: `Bearer ${token}` });
const rawSocket = () =>
  dial({ url: `ws://127.0.0.1:${port}/client`, token, maxPayloadBytes: 1024 * 1024, timeoutMs: 20_000 });

/** Sends one frame, and waits for the answer, or the end of the connection. */
async function frame(data: string | Buffer): Promise<string> {
  const socket = await rawSocket();
  try {
    return await new Promise<string>((resolve) => {
      socket.once('message', (message: Buffer) => resolve(message.toString('utf8')));
      socket.once('close', (code) => resolve(`closed ${code}`));
      socket.send(data);
    });
  } finally {
    socket.terminate();
  }
}

describe('the door of the agent server', { timeout: 900_000 }, () => {
  it('opens to its token and its host only, and to no web page', async () => {
    assert.match(await handshake(ours()), / 101 /);
    const { Host, Authorization } = ours();
    assert.match(await handshake({ Host }), / 401 /, 'no token');
    assert.match(await handshake({ Host, Authorization: `Bearer ${token}x` }), / 401 /, 'a wrong token');
    assert.match(await handshake({ Host, Authorization: `Basic ${token}` }), / 401 /);
    assert.match(await handshake(ours(), `/client?token=${token}`), / 404 /, 'a token in the address is none');
    assert.match(await handshake({ Host: `evil.example:${port}`, Authorization }), / 403 /, 'rebinding of names');
    assert.match(await handshake({ Host: '127.0.0.1', Authorization }), / 403 /);
    for (const Origin of ['https://evil.example', `http://127.0.0.1:${port}`, 'vscode-webview://x', 'null'])
      assert.match(await handshake({ ...ours(), Origin }), / 403 /, `a page of ${Origin}`);
    assert.match(await handshake(ours(), '/worker'), / 404 /);
  });

  it('is shut to the WebSocket of a browser, also one that knows the token', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/client`, {
      origin: 'http://localhost:3000',
      headers: { authorization: `Bearer ${token}` },
    });
    const status = await new Promise<number | undefined>((resolve) => {
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
      socket.once('open', () => resolve(101));
      socket.on('error', () => undefined);
    });
    assert.equal(status, 403);
    await assert.rejects(
      dial({ url: `ws://127.0.0.1:${port}/client`, token: 'x', maxPayloadBytes: 1024, timeoutMs: 20_000 }),
      (error: unknown) => error instanceof DialError && error.status === 401,
    );
  });

  it('answers malformed frames with what is wrong, and goes on', async () => {
    assert.match(await frame('{"jsonrpc":'), /-32700/);
    assert.match(await frame('[1,2,3]'), /-32600/);
    assert.match(await frame('"hello"'), /-32600/);
    assert.match(await frame(Buffer.from([1, 2, 3])), /binary/);
    assert.match(await frame('{"jsonrpc":"2.0","id":1,"method":"no.such"}'), /-32601/);
    assert.match(await frame('{"jsonrpc":"2.0","id":1,"method":"constructor","params":{}}'), /-32601/);
    assert.match(await frame('{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":7}}'), /-32602/);
    assert.match(await frame('{"jsonrpc":"2.0","id":1,"method":"hello","params":[1]}'), /-32602/);
    const client = await server.client();
    await client.request('server.get', {});
  });

  it('ends a connection that sends a frame larger than a program can be', async () => {
    assert.match(await frame('x'.repeat(maxClientFrameBytes + 1)), /^closed 100[69]$/);
    const client = await server.client();
    await client.request('server.get', {});
  });

  it('tells nothing before hello, and nothing to a client of another age', async () => {
    const list = '{"jsonrpc":"2.0","id":1,"method":"runs.list","params":{}}';
    assert.match(await frame(list), /"kind":"hello"/);
    const old = {
      protocol: { min: clientProtocol.max + 1, max: clientProtocol.max + 2 },
      build: 'x',
      kind: 'other',
      name: 'x',
    };
    const answered = await frame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'hello', params: old }));
    assert.match(answered, /update the server/);
  });

  it('hands over no file but those of the program that was asked for', async () => {
    const client = await server.client();
    const of = { run, candidate: 1 };
    assert.deepEqual(
      (await client.request('candidate.files', of)).files.map(({ path }) => path),
      ['solution.py'],
      'links are not even listed',
    );
    const { contentBase64 } = await client.request('candidate.file', { ...of, path: 'solution.py' });
    assert.equal(Buffer.from(contentBase64, 'base64').toString(), 'print(1)\n');
    const hostile = [
      '../../../../secret.txt',
      '../trajectory.jsonl',
      'package/../solution.py',
      './solution.py',
      '/etc/passwd',
      join(server.home, 'secret.txt'),
      'solution.py/',
      'package',
      '.',
      '..',
      'link.txt',
      'package/home/secret.txt',
      'endless',
      'nothing.py',
      'solution.py\0.txt',
      'package\\..\\..\\x',
    ];
    for (const path of hostile)
      await assert.rejects(
        client.request('candidate.file', { ...of, path }),
        (error: unknown) => error instanceof RemoteError && !error.message.includes(secret),
        path,
      );
  });

  it('follows no link to a log or an output, and takes no other name for a run', async () => {
    const client = await server.client();
    const log = await client.request('candidate.log', { run, candidate: 1 }).catch((error: unknown) => String(error));
    assert.doesNotMatch(JSON.stringify(log), new RegExp(secret));
    await writeFile(
      join(server.home, 'runs', run, 'candidates', '1', 'trajectory.jsonl'),
      ['c1-1-0.txt.gz', '../../../../secret.txt', '/etc/passwd']
        .map((keptOutput, index) =>
          JSON.stringify({
            type: 'observation',
            at: 1,
            step: 1,
            callId: String(index),
            observation: { text: '', outcome: 'ok', durationMs: 1, keptOutput },
          }),
        )
        .join('\n')
        .concat('\n'),
    );
    for (const index of [0, 1, 2])
      assert.equal(await client.request('trajectory.output', { run, candidate: 1, index, offset: 0 }), null);
    for (const name of ['..', '../runs', `${run}/../${run}`, '.', run.toUpperCase(), ''])
      for (const method of ['run.get', 'run.snapshot', 'run.delete', 'run.report'] as const) {
        const raw = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { run: name } });
        assert.match(await helloThen(raw), /-32602/, `${method} of ${JSON.stringify(name)}`);
      }
    await assert.rejects(client.request('candidate.export', { run, candidate: 1, to: '../out' }), /absolute/);
    await client.request('run.get', { run });
  });

  it('takes numbers for candidates and for places in their files, and nothing that could be a path', async () => {
    const params = { run, candidate: 1, path: 'solution.py', from: 0, limit: 1, index: 0, offset: 0, times: 1 };
    const call = (method: string, change: object) =>
      helloThen(
        JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, operation: 'x', to: '/x', ...change } }),
      );
    const ofCandidates = [
      ...['candidate.files', 'candidate.file', 'candidate.log', 'candidate.export', 'candidate.mark'],
      ...['candidate.reevaluate', 'trajectory.page', 'trajectory.follow', 'trajectory.unfollow', 'trajectory.output'],
    ];
    for (const candidate of ['1', '../1', '1/../2', -1, 0.5, 1e300, [1], { toString: '1' }])
      for (const method of ofCandidates)
        assert.match(await call(method, { candidate }), /-32602/, `${method} of ${JSON.stringify(candidate)}`);
    for (const place of ['0', -1, 0.5, 1e300, '../0']) {
      assert.match(await call('trajectory.output', { index: place }), /-32602/);
      assert.match(await call('trajectory.output', { offset: place }), /-32602/);
      assert.match(await call('trajectory.page', { from: place }), /-32602/);
      assert.match(await call('trajectory.page', { limit: place }), /-32602/);
    }
    assert.match(await call('trajectory.page', { limit: 1_000_000 }), /-32602/);
    const beyond = await call('trajectory.output', { offset: Number.MAX_SAFE_INTEGER });
    assert.ok(!beyond.includes(secret));
  });

  it('lets a submitted program lie nowhere but in a folder of its own', async () => {
    const submit = (path: unknown, contentBase64: unknown = '') => {
      const params = { run, summary: 'mine', files: [{ path, contentBase64 }], operation: `submit ${path}` };
      return helloThen(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'run.submit', params }));
    };
    const before = await paths();
    const hostile = [
      '../events.jsonl',
      'a/../../../run.json',
      '/tmp/x.py',
      join(server.home, 'x.py'),
      './x.py',
      'a//x.py',
      'x.py/',
      '',
      '.',
      'a\\..\\x.py',
      'x\0.py',
      'x\n.py',
      'é'.repeat(600),
      7,
      null,
      ['x.py'],
    ];
    for (const path of hostile) assert.match(await submit(path), /-32602/, JSON.stringify(path));
    assert.match(await submit('x.py', 7), /-32602/);
    // Even where the name of the operation has the form of a path.
    const named = { run, summary: 'mine', files: [{ path: 'x.py', contentBase64: '' }], operation: '../../../outside' };
    const answered = await helloThen(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'run.submit', params: named }));
    assert.match(answered, /"kind":"not_found"/, 'its task is not prepared here');
    assert.deepEqual(await paths(), before);
  });

  it('is not believed where somebody else could have put up its sign', async () => {
    await chmod(server.paths.discovery, 0o644);
    try {
      await assert.rejects(findServer(server.home), DiscoveryError);
      const client = new AgentServerClient({
        target: async () => (await findServer(server.home)) ?? assert.fail('nobody'),
        kind: 'other',
        name: 'test',
        build: 'test',
        log: { warn: () => undefined },
      });
      await assert.rejects(client.ready(), DiscoveryError);
      await client.dispose();
    } finally {
      await chmod(server.paths.discovery, 0o600);
    }
    assert.notEqual(await findServer(server.home), null);
  });

  it('says nowhere what its token is', async () => {
    await until('the log to have something', async () => (await server.log()).length > 0);
    assert.ok(!(await server.log()).includes(token));
    await rm(join(server.home, 'secret.txt'));
  });
});

/** All that lies in the home; links are not followed. */
async function paths(): Promise<string[]> {
  const entries = await readdir(server.home, { recursive: true, withFileTypes: true });
  return entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
}

/** What is answered to a frame after a hello. */
async function helloThen(data: string): Promise<string> {
  const socket = await rawSocket();
  const next = () =>
    new Promise<string>((resolve) => {
      const hear = (message: Buffer) => {
        const text = message.toString('utf8');
        // What the server tells unasked answers nothing.
        if (text.includes('"method":')) return;
        socket.off('message', hear);
        resolve(text);
      };
      socket.on('message', hear);
    });
  try {
    const hello = { protocol: clientProtocol, build: 'x', kind: 'other', name: 'x' };
    const welcome = next();
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'hello', params: hello }));
    await welcome;
    const answer = next();
    socket.send(data);
    return await answer;
  } finally {
    socket.terminate();
  }
}
