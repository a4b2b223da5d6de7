import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { WebSocket } from 'ws';
import { dial, unixUrl } from '../../protocol/dial.ts';
import { ReconnectingConnection, waitMs } from '../../protocol/reconnecting.ts';
import { DialError } from '../../protocol/rpcErrors.ts';
import { Endpoint, sameSecret } from '../../server/transport/endpoint.ts';
import { EndpointInUseError, SocketPathError } from '../../server/transport/endpointErrors.ts';
import { socketPathFor } from '../../server/transport/unixSocket.ts';

const token = 'dGhlIHJpZ2h0IG9uZQ';
let directory = '';
const endpoints: Endpoint[] = [];
const sockets: WebSocket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'endpoint-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.terminate();
  }
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
  await rm(directory, { recursive: true });
});

async function start(kind: 'unix' | 'loopback', keepAliveMs?: number) {
  const listen = kind === 'unix' ? { kind, path: join(directory, 'private', 'a.sock') } : { kind, port: 0 };
  const endpoint = await Endpoint.start(listen);
  endpoints.push(endpoint);
  const identities: string[] = [];
  const accepted: WebSocket[] = [];
  endpoint.addRole('worker', {
    authenticate: (given) => (sameSecret(given, token) ? 'the worker' : null),
    maxPayloadBytes: 1000,
    maxConnections: 3,
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    onConnection: (socket, identity) => {
      identities.push(identity);
      accepted.push(socket);
      socket.on('message', (data) => socket.send(data));
    },
  });
  return { endpoint, identities, accepted };
}

async function open(endpoint: Endpoint, given = token, role = 'worker') {
  const socket = await dial({ url: endpoint.urlFor(role), token: given, maxPayloadBytes: 1000, timeoutMs: 5000 });
  sockets.push(socket);
  return socket;
}

/** The status with which an upgrade is answered; 101 if it is granted. */
function statusOf(endpoint: Endpoint, headers: Record<string, string>, path = '/worker'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      port: endpoint.port ?? 0,
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        authorization: `Bearer ${token}`,
        ...headers,
      },
      timeout: 5000,
    });
    call.on('response', (response) => resolve(response.statusCode ?? 0));
    call.on('upgrade', (_response, socket: Socket) => {
      socket.destroy();
      resolve(101);
    });
    call.on('error', reject);
    call.end();
  });
}

for (const kind of ['unix', 'loopback'] as const) {
  describe(`the endpoint on ${kind === 'unix' ? 'a Unix socket' : 'a loopback port'}`, () => {
    it('lets the right token in and carries messages', async () => {
      const { endpoint, identities } = await start(kind);
      const socket = await open(endpoint);
      const answer = once(socket, 'message');
      socket.send('hello');
      assert.equal(String((await answer)[0]), 'hello');
      assert.deepEqual(identities, ['the worker']);
    });

    for (const wrong of ['dGhlIHJpZ2h0IG9uZR', 'd', `${token}x`, 'x'.repeat(600), '']) {
      it(`refuses the token "${wrong.slice(0, 30)}" with 401`, async () => {
        const { endpoint, identities } = await start(kind);
        await assert.rejects(open(endpoint, wrong), (error) => error instanceof DialError && error.status === 401);
        assert.deepEqual(identities, []);
      });
    }

    it('has no door for an unknown role, whatever the token', async () => {
      const { endpoint } = await start(kind);
      for (const role of ['client', '', '__proto__', 'worker/', 'worker?token=x']) {
        await assert.rejects(
          open(endpoint, token, role),
          (error) => error instanceof DialError && error.status === 404,
        );
      }
    });

    it('takes no more connections than its bound', async () => {
      const { endpoint } = await start(kind);
      await Promise.all([open(endpoint), open(endpoint), open(endpoint)]);
      await assert.rejects(open(endpoint), (error) => error instanceof DialError && error.status === 503);
    });

    it('ends a connection whose frame exceeds the bound', async () => {
      const { endpoint } = await start(kind);
      const socket = await open(endpoint);
      const closed = once(socket, 'close');
      socket.send('x'.repeat(1001));
      assert.equal((await closed)[0], 1009);
      await open(endpoint);
    });

    it('ends a connection whose other end has gone silent', async () => {
      const { endpoint, accepted } = await start(kind, 100);
      const socket = await open(endpoint);
      const [theirs] = accepted;
      assert.ok(theirs !== undefined);
      socket.pause(); // Half open: it neither answers pings nor closes.
      await once(theirs, 'close', { signal: AbortSignal.timeout(10_000) });
    });
  });
}

describe('the endpoint', () => {
  it('refuses every request with an Origin, and every foreign Host', async () => {
    const { endpoint, identities } = await start('loopback');
    const host = `127.0.0.1:${endpoint.port}`;
    assert.equal(await statusOf(endpoint, { host }), 101);
    assert.equal(await statusOf(endpoint, { host, origin: `http://${host}` }), 403);
    assert.equal(await statusOf(endpoint, { host, origin: 'null' }), 403);
    assert.equal(await statusOf(endpoint, { host: 'evil.example' }), 403);
    assert.equal(await statusOf(endpoint, { host: `evil.example:${endpoint.port}` }), 403);
    assert.equal(await statusOf(endpoint, { host: '127.0.0.1:1' }), 403);
    assert.equal(identities.length, 1);
  });

  it('takes the token from the header and nowhere else', async () => {
    const { endpoint } = await start('loopback');
    const bare = { host: `127.0.0.1:${endpoint.port}` };
    assert.equal(await statusOf(endpoint, { ...bare, authorization: '' }), 401);
    assert.equal(await statusOf(endpoint, { ...bare, authorization: `Basic ${token}` }), 401);
    assert.equal(await statusOf(endpoint, { ...bare, authorization: '' }, `/worker?token=${token}`), 404);
  });

  it('answers plain HTTP with "upgrade required", and garbage with 400', async () => {
    const { endpoint } = await start('loopback');
    const response = await fetch(`http://127.0.0.1:${endpoint.port}/worker`);
    assert.equal(response.status, 426);
    const socket = connect(endpoint.port ?? 0, '127.0.0.1');
    socket.write('\u0016\u0003\u0001 not HTTP\r\n\r\n');
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(5000) });
    assert.match(String(data), /^HTTP\/1\.1 400/);
    socket.destroy();
    await open(endpoint);
  });

  it('is reached by its owner alone on a Unix socket', async () => {
    await start('unix');
    assert.equal((await stat(join(directory, 'private'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(directory, 'private', 'a.sock'))).mode & 0o777, 0o600);
  });

  it('takes over the socket of a killed server, but not that of a living one', async () => {
    const { endpoint } = await start('unix');
    const path = join(directory, 'private', 'a.sock');
    await assert.rejects(Endpoint.start({ kind: 'unix', path }), EndpointInUseError);
    await open(endpoint);

    const dead = join(directory, 'dead.sock');
    const program = `require('net').createServer().listen(${JSON.stringify(dead)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await stat(dead);
    endpoints.push(await Endpoint.start({ kind: 'unix', path: dead }));
  });

  it('works in folders whose names need quoting in a URL', async () => {
    const path = join(directory, 'a b:c%20ü?#', 's');
    const endpoint = await Endpoint.start({ kind: 'unix', path });
    endpoints.push(endpoint);
    endpoint.addRole('worker', { authenticate: () => true, maxPayloadBytes: 10, onConnection: () => undefined });
    assert.equal(endpoint.urlFor('worker'), unixUrl(path, '/worker'));
    await open(endpoint);
  });

  it('finds a short and stable path for a state folder with a long one', async () => {
    assert.equal(socketPathFor('/run/x'), '/run/x/server.sock');
    const long = join(directory, 'x'.repeat(120));
    const path = socketPathFor(long);
    assert.ok(Buffer.byteLength(path) <= 103);
    assert.equal(path, socketPathFor(long));
    assert.notEqual(path, socketPathFor(`${long}y`));
    await assert.rejects(Endpoint.start({ kind: 'unix', path: join(long, 'server.sock') }), SocketPathError);
  });
});

describe('a reconnecting connection', () => {
  it('says hello again after every loss, until it is stopped', async () => {
    const { endpoint, accepted } = await start('unix');
    const hellos: WebSocket[] = [];
    const losses: string[] = [];
    const connection = new ReconnectingConnection({
      target: () => ({ url: endpoint.urlFor('worker'), token }),
      maxPayloadBytes: 1000,
      onConnected: async (socket) => {
        hellos.push(socket);
      },
      onDisconnected: (reason) => losses.push(reason),
      backoff: { firstMs: 5, maxMs: 20, factor: 2 },
    });
    for (let round = 1; round <= 3; round += 1) {
      await until(() => hellos.length === round && accepted.length === round);
      accepted.at(-1)?.terminate();
      await until(() => losses.length === round);
    }
    await until(() => hellos.length === 4);
    await connection.stop();
    await connection.ended;
    const before = hellos.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(hellos.length, before);
  });

  it('reaches a server that comes up late, and one that hangs in hello does not count', async () => {
    const path = join(directory, 'late.sock');
    let attempts = 0;
    let hellos = 0;
    const connection = new ReconnectingConnection({
      target: () => ({ url: unixUrl(path, '/worker'), token }),
      maxPayloadBytes: 1000,
      onConnected: () => {
        hellos += 1;
        return hellos === 1 ? new Promise(() => undefined) : Promise.resolve();
      },
      onFailedAttempt: () => {
        attempts += 1;
        return 'retry';
      },
      helloTimeoutMs: 100,
      backoff: { firstMs: 5, maxMs: 20, factor: 2 },
    });
    await until(() => attempts >= 3);
    const endpoint = await Endpoint.start({ kind: 'unix', path });
    endpoints.push(endpoint);
    endpoint.addRole('worker', { authenticate: () => true, maxPayloadBytes: 10, onConnection: () => undefined });
    await until(() => hellos === 2);
    await connection.stop();
  });

  it('stops for good when an attempt shows that there is no point', async () => {
    const { endpoint } = await start('unix');
    const connection = new ReconnectingConnection({
      target: () => ({ url: endpoint.urlFor('worker'), token: 'wrong' }),
      maxPayloadBytes: 1000,
      onConnected: () => Promise.resolve(),
      onFailedAttempt: (error) => (error instanceof DialError && error.status === 401 ? 'stop' : 'retry'),
    });
    await connection.ended;
  });

  it('waits longer after each failure, up to a bound, and never in step with others', () => {
    const backoff = { firstMs: 100, maxMs: 5000, factor: 2 };
    assert.equal(
      waitMs(backoff, 0, () => 0),
      50,
    );
    assert.equal(
      waitMs(backoff, 3, () => 0.5),
      600,
    );
    assert.equal(waitMs(backoff, 1000, () => 0.999999) <= 5000, true);
    assert.equal(
      waitMs(backoff, 1000, () => 0),
      2500,
    );
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `in vain: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
