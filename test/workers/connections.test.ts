import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RawData, WebSocket } from 'ws';
import { ReconnectingConnection } from '../../protocol/reconnecting.ts';
import type { Endpoint, RoleOptions } from '../../server/transport/endpoint.ts';
import { bash, evaluate, type Fixture, ofType, spec, startPool, textOf, until } from './poolFixture.ts';

/** Sees every connection of an endpoint before the pool does. */
function interfere(onSocket: (socket: WebSocket) => void, keepAliveMs = 10_000) {
  return (endpoint: Endpoint) => {
    const addRole = endpoint.addRole.bind(endpoint);
    endpoint.addRole = <Identity>(role: string, options: RoleOptions<Identity>) =>
      addRole<Identity>(role, {
        ...options,
        keepAliveMs,
        onConnection: (socket, identity) => {
          onSocket(socket);
          options.onConnection(socket, identity);
        },
      });
  };
}

/** Passes on each frame after hello in the way that `deliver` chooses, in both directions. */
function meddle(socket: WebSocket, deliver: (pass: () => void) => void): void {
  const emit = socket.emit.bind(socket);
  let received = 0;
  socket.emit = (event: string, ...rest: unknown[]) => {
    if (event !== 'message' || received++ === 0) {
      return emit(event, ...rest);
    }
    deliver(() => emit(event, ...rest));
    return true;
  };
  const send = socket.send.bind(socket);
  let sent = 0;
  socket.send = (data: RawData | string, options?: unknown, callback?: unknown) => {
    const done = [options, callback].find((one): one is (error?: Error) => void => typeof one === 'function');
    if (sent++ === 0) {
      send(String(data), done);
      return;
    }
    deliver(() => socket.readyState === socket.OPEN && send(String(data)));
    done?.();
  };
}

/** A small congruential generator: the order of frames can be had again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Tool calls one after another in two sessions, and evaluations beside them; each appends a line to a file. */
async function work(fixture: Fixture, calls: number): Promise<void> {
  const slot = fixture.pool.slot(0);
  const session = async (name: string) => {
    await slot.openSession(name, spec);
    for (let i = 0; i < calls; i += 1) {
      const command = `echo ${name}-${i} >> ${fixture.path('runs')}; n=$((n+1)); sleep 0.05; echo "call $n of ${name}"`;
      const result = await slot.execute(`${name}-${i}`, bash(name, command), {
        commit: async () => {
          committed.push(`${name}-${i}`);
        },
      });
      assert.match(textOf(result), new RegExp(`call ${i + 1} of ${name}`));
    }
    await slot.closeSession(name);
  };
  const committed: string[] = [];
  const evaluations = async () => {
    for (let i = 0; i < 2; i += 1) {
      const result = await slot.execute(
        `evaluation-${i}`,
        evaluate(`echo evaluation-${i} >> ${fixture.path('runs')}; sleep 0.2`),
        {
          commit: async () => {
            committed.push(`evaluation-${i}`);
          },
        },
      );
      assert.equal(result.kind, 'evaluated', JSON.stringify(result));
    }
  };
  await Promise.all([session('left'), session('right'), evaluations()]);
  const expected = [
    ...Array.from({ length: calls }, (_, i) => [`left-${i}`, `right-${i}`]).flat(),
    'evaluation-0',
    'evaluation-1',
  ].sort();
  assert.deepEqual(fixture.lines('runs').sort(), expected, 'each ran once');
  assert.deepEqual(committed.sort(), expected, 'each was taken once');
  assert.deepEqual(slot.unclaimed(), []);
  assert.equal(ofType(fixture.events, 'slot_lost').length, 0);
}

describe('the line between server and worker', { timeout: 120_000 }, () => {
  it('may be cut at any moment, many times: nothing is lost and nothing runs twice', async () => {
    const sockets: WebSocket[] = [];
    const fixture = await startPool(
      {},
      interfere((socket) => sockets.push(socket)),
    );
    const random = seeded(7);
    let cutting = true;
    const cutter = (async () => {
      while (cutting) {
        await sleep(20 + 200 * random());
        sockets.at(-1)?.terminate();
      }
    })();
    try {
      await work(fixture, 10);
      assert.ok(sockets.length > 3, `cut ${sockets.length} times`);
    } finally {
      cutting = false;
      await cutter;
      await fixture.dispose();
    }
  });

  it('may bring every frame twice', async () => {
    const random = seeded(3);
    const twice = (pass: () => void) => {
      pass();
      setTimeout(pass, 10 * random());
    };
    const fixture = await startPool(
      {},
      interfere((socket) => meddle(socket, twice)),
    );
    try {
      await work(fixture, 5);
    } finally {
      await fixture.dispose();
    }
  });

  it('may bring frames in another order', async () => {
    const random = seeded(11);
    const later = (pass: () => void) => {
      setTimeout(pass, 60 * random());
    };
    const fixture = await startPool(
      {},
      interfere((socket) => meddle(socket, later)),
    );
    try {
      await work(fixture, 5);
    } finally {
      await fixture.dispose();
    }
  });

  it('may be half open: it is noticed, and the worker dials again', async () => {
    const sockets: WebSocket[] = [];
    const fixture = await startPool(
      { timing: { renewEveryMs: 5000 } },
      interfere((socket) => sockets.push(socket), 500),
    );
    try {
      const slot = fixture.pool.slot(0);
      const running = slot.execute('e1', evaluate(`echo run >> ${fixture.path('runs')}; sleep 1`));
      await until(() => fixture.lines('runs').length === 1, 'it runs');
      sockets[0]?.pause(); // Nothing arrives any more, and nobody is told.
      assert.equal((await running).kind, 'evaluated');
      assert.equal(fixture.lines('runs').length, 1);
      assert.ok(sockets.length >= 2);
    } finally {
      await fixture.dispose();
    }
  });

  it('is left by a client whose server has stopped to answer', async () => {
    const sockets: WebSocket[] = [];
    const fixture = await startPool();
    fixture.endpoint.addRole('client', {
      authenticate: () => true,
      maxPayloadBytes: 1000,
      onConnection: (socket) => sockets.push(socket),
    });
    let losses = 0;
    const client = new ReconnectingConnection({
      target: () => ({ url: fixture.endpoint.urlFor('client'), token: 'any' }),
      maxPayloadBytes: 1000,
      onConnected: () => Promise.resolve(),
      onDisconnected: () => {
        losses += 1;
      },
      keepAliveMs: 200,
    });
    try {
      await until(() => sockets.length === 1, 'it is connected');
      sockets[0]?.pause();
      await until(() => losses === 1 && sockets.length === 2, 'it dials again');
    } finally {
      await client.stop();
      await fixture.dispose();
    }
  });
});
