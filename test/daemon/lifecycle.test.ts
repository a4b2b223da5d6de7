/** The agent server comes, is found, and goes: one of it for each home, whoever starts it, and however it ends. */
import assert from 'node:assert/strict';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import {
  findOrStart,
  findServer,
  ServerSilentError,
  ServerStartError,
  serverIsThere,
} from '../../protocol/findServer.ts';
import { AgentServerClient, NotConnectedError, runningServer, serverGoodbyes } from '../../protocol/serverClient.ts';
import { isRunning, TestServer, type TestServerOptions, until } from '../support/agentServer.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function newHome(options?: TestServerOptions): Promise<TestServer> {
  const server = await TestServer.inNewHome(options);
  servers.push(server);
  return server;
}

describe('the agent server', { timeout: 2_400_000 }, () => {
  it('is one, however many start it at the same moment, and only its owner can find it', async () => {
    const server = await newHome();
    const found = await Promise.all(Array.from({ length: 4 }, () => server.start()));
    assert.equal(new Set(found.map(({ pid }) => pid)).size, 1, 'one process');
    assert.equal(new Set(found.map(({ token }) => token)).size, 1);
    const { mode } = await stat(server.paths.discovery);
    assert.equal(mode & 0o777, 0o600);
    assert.equal((await stat(server.paths.directory)).mode & 0o777, 0o700);
    assert.ok((found[0]?.token.length ?? 0) >= 43, 'a token of 32 random bytes');
    // Those that lost have ended by themselves.
    const [program = '', ...args] = [...server.command, '--foreground'];
    const late = await execa(program, args, {
      reject: false,
      extendEnv: false,
      env: { ...server.environment, AIRA2_HOME: server.home },
    });
    assert.equal(late.exitCode, serverIsThere, late.stderr);
    assert.match(late.stderr, /is process \d+/);
  });

  it('says hello before anything else, and what it is', async () => {
    const server = await newHome();
    const { pid } = await server.start();
    const client = await server.client();
    const { state } = client;
    assert.ok(state.kind === 'connected');
    assert.equal(state.server.pid, pid);
    assert.equal(state.server.home, server.home);
    assert.deepEqual(state.server.liveRuns, []);
    assert.deepEqual(await client.request('runs.list', {}), { runs: [], problems: [] });
  });

  it('ends when it was idle for so long, not while somebody is connected, and leaves nothing behind', async () => {
    const server = await newHome({ args: ['--idle-exit', '0.02'] });
    const client = await server.client();
    const { pid } = await server.discovery();
    await sleep(3000);
    assert.ok(isRunning(pid), 'a client is a reason to stay');
    await client.dispose();
    await until('the idle server to end', () => !isRunning(pid), 30_000);
    assert.equal(await findServer(server.home), null);
    await assert.rejects(stat(server.paths.discovery), { code: 'ENOENT' });
    await assert.rejects(stat(server.paths.lock), { code: 'ENOENT' });
  });

  it('ends when its home is gone', async () => {
    const server = await newHome();
    const { pid } = await server.start();
    await rename(server.home, `${server.home}-gone`);
    try {
      await until('the homeless server to end', () => !isRunning(pid), 60_000);
    } finally {
      await rm(`${server.home}-gone`, { recursive: true, force: true });
    }
  });

  it('stopped by a person stays stopped: its clients hear so and start no other', async () => {
    const server = await newHome();
    const client = await server.client();
    const other = await server.client();
    const { pid } = await server.discovery();
    await client.request('server.stop', { how: 'idle' });
    await until(
      'both clients to be told',
      () => [client, other].every(({ state }) => state.kind === 'stopped'),
      30_000,
    );
    assert.ok(other.state.kind === 'stopped');
    assert.equal(other.state.reason, serverGoodbyes.stopped);
    await until('the server to end', () => !isRunning(pid), 30_000);
    await sleep(1500);
    assert.equal(await findServer(server.home), null, 'nobody has started another one');
    await assert.rejects(other.request('runs.list', {}), NotConnectedError);
  });

  it('killed is followed by another, which its clients start and find', async () => {
    const server = await newHome();
    const client = await server.client();
    const states: string[] = [];
    client.onState(({ kind }) => states.push(kind));
    const before = await server.kill();
    assert.deepEqual(await client.request('runs.list', {}, { timeoutMs: 240_000 }), { runs: [], problems: [] });
    assert.notEqual((await server.discovery()).pid, before);
    assert.equal(states[0], 'reconnecting');
    assert.equal(client.state.kind, 'connected');
  });

  it('that is stopped like a sleeping laptop is waited for, never replaced', async () => {
    const server = await newHome();
    const client = await server.client({ keepAliveMs: 500 });
    const { pid } = await server.discovery();
    process.kill(pid, 'SIGSTOP');
    try {
      await until('the client to notice', () => client.state.kind === 'reconnecting', 30_000);
      await assert.rejects(findServer(server.home), ServerSilentError);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('the client to be back', () => client.state.kind === 'connected', 60_000);
    assert.equal((await server.discovery()).pid, pid, 'it is the same server');
    await client.request('runs.list', {});
  });

  it('that cannot start shows its last words', async () => {
    const server = await newHome();
    const broken = {
      home: server.home,
      command: [process.execPath, '-e', 'console.error("no such thing"); process.exit(7)', '--'],
    };
    await assert.rejects(findOrStart(broken), (error: unknown) => {
      assert.ok(error instanceof ServerStartError);
      assert.match(error.message, /ended with 7[\s\S]*no such thing[\s\S]*log/);
      return true;
    });
  });

  it('is not started by a client that only looks for one', async () => {
    const server = await newHome();
    const log = { warn: () => undefined };
    const client = new AgentServerClient({
      target: runningServer(server.home),
      kind: 'other',
      name: 'test',
      build: 'test',
      log,
    });
    await assert.rejects(client.ready(), /no agent server is running/);
    await client.dispose();
  });

  it('listens on a loopback port if it is asked to, and is found all the same', async () => {
    const server = await newHome({ args: ['--port', '0'] });
    const { url } = await server.start();
    assert.match(url, /^ws:\/\/127\.0\.0\.1:\d+\/client$/);
    const client = await server.client();
    await client.request('server.get', {});
    assert.doesNotMatch(await readFile(server.paths.log, 'utf8'), new RegExp((await server.discovery()).token));
  });
});
