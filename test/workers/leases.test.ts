/** The server's side of the protocol, spoken to by hand: a worker that says what real ones must not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { dial } from '../../protocol/dial.ts';
import { Peer } from '../../protocol/rpc.ts';
import { DialError, RemoteError } from '../../protocol/rpcErrors.ts';
import {
  type ExecutionResult,
  protocolVersion,
  serverToWorker,
  type WorkerConfig,
  workerToServer,
} from '../../protocol/worker.ts';
import { Endpoint } from '../../server/transport/endpoint.ts';
import type { PoolEvent, PoolTiming } from '../../server/workers/contract.ts';
import { WorkerStartError } from '../../server/workers/errors.ts';
import type { WorkerLauncher, WorkerProcessId } from '../../server/workers/launcher.ts';
import { WorkerPool } from '../../server/workers/pool.ts';
import { evaluate, ofType, spec, timing, until } from './poolFixture.ts';

type WorkerPeer = Peer<typeof serverToWorker, typeof workerToServer>;

/** Launches nothing: the test plays the worker. */
class ByHand implements WorkerLauncher {
  readonly configs: WorkerConfig[] = [];
  alive = true;

  launch(config: WorkerConfig): Promise<WorkerProcessId> {
    this.configs.push(config);
    this.alive = true;
    return Promise.resolve(this.identify(process.pid));
  }
  identify(pid: number): WorkerProcessId {
    return { pid, startTime: 'by hand' };
  }
  isAlive(): boolean {
    return this.alive;
  }
  kill(): Promise<boolean> {
    this.alive = false;
    return Promise.resolve(true);
  }
  get config(): WorkerConfig {
    const config = this.configs.at(-1);
    assert.ok(config !== undefined);
    return config;
  }
}

const result: ExecutionResult = {
  kind: 'evaluated',
  exitCode: 0,
  timedOut: false,
  outOfMemory: false,
  durationMs: 1,
  peakMemoryMb: null,
  log: '',
  outputGzipBase64: null,
  outputProblem: 'none',
};
const refusedAs = (kind: string) => (error: unknown) => {
  assert.ok(error instanceof RemoteError, String(error));
  assert.equal(error.kind, kind, error.message);
  return true;
};

let directory = '';
let endpoint: Endpoint;
let launcher: ByHand;
let events: PoolEvent[] = [];
let pool: WorkerPool | null = null;
const peers: WorkerPeer[] = [];
const started: { execId: string; epoch: number }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leases-'));
  endpoint = await Endpoint.start({ kind: 'unix', path: join(directory, 'server.sock') });
  launcher = new ByHand();
  events = [];
  started.length = 0;
});
afterEach(async () => {
  launcher.alive = false;
  await pool?.close();
  pool = null;
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
  await endpoint.close();
  await rm(directory, { recursive: true });
});

function startPool(more: Partial<PoolTiming> = {}): Promise<WorkerPool> {
  const own = events; // A pool of the test before may still have something to tell.
  return WorkerPool.start({
    endpoint,
    stateDirectory: join(directory, 'workers'),
    slots: 1,
    driver: 'none',
    venv: '/usr',
    cpuLists: [[0]],
    gpuUuids: [],
    log: pino({ level: 'silent' }),
    launcher,
    onEvent: (event) => own.push(event),
    timing: { ...timing, ...more },
  });
}

/** A connection of the worker, before hello. It answers renewals and accepts executions. */
async function connect(config: WorkerConfig, renewals = true): Promise<WorkerPeer> {
  const socket = await dial({ url: config.url, token: config.token, maxPayloadBytes: 1e6, timeoutMs: 5000 });
  const peer: WorkerPeer = new Peer(socket, {
    local: serverToWorker,
    remote: workerToServer,
    maxPayloadBytes: 1e6,
    log: { warn: () => undefined },
  });
  if (renewals) {
    peer.handle('lease.renew', () => ({ gpus: [], gpuProblem: null }));
  }
  peer.handle('session.open', () => ({ kept: false }));
  peer.handle('execution.start', ({ execId, epoch }) => {
    started.push({ execId, epoch });
    return { state: 'accepted' };
  });
  peer.listen();
  peers.push(peer);
  return peer;
}

function hello(peer: WorkerPeer, config: WorkerConfig, more: { protocol?: number; executions?: string[] } = {}) {
  const capabilities = { driver: config.driver, notEnforced: [], gpus: [] };
  const { workerId, slot } = config;
  const { protocol = protocolVersion, executions = [] } = more;
  const identity = { workerId, slot, pid: process.pid, epoch: 0, build: 'by hand' };
  return peer.request('hello', { protocol, ...identity, capabilities, sessions: [], executions }, { timeoutMs: 5000 });
}

async function joinPool(more: Partial<PoolTiming> = {}, executions: string[] = []) {
  const starting = startPool(more);
  await until(() => launcher.configs.length > 0, 'a worker is launched');
  const peer = await connect(launcher.config);
  const { epoch } = await hello(peer, launcher.config, { executions });
  pool = await starting;
  return { peer, epoch, slot: pool.slot(0) };
}

const finished = (peer: WorkerPeer, execId: string, epoch: number) =>
  peer.request('execution.finished', { execId, epoch, result }, { timeoutMs: 5000 });

describe('a lease', { timeout: 60_000 }, () => {
  it('is needed for everything: before hello nothing is taken', async () => {
    const { slot } = await joinPool();
    const running = slot.execute('e1', evaluate('true'));
    const stranger = await connect(launcher.config);
    await assert.rejects(finished(stranger, 'e1', 0), refusedAs('stale_epoch'));
    await assert.rejects(finished(stranger, 'e1', 1), refusedAs('stale_epoch'));
    assert.deepEqual(slot.status().running, ['e1']);
    running.catch(() => undefined);
  });

  it('ends with its epoch: a result under an older one is refused, on the old line and on the new', async () => {
    const { peer, epoch, slot } = await joinPool();
    const running = slot.execute('e1', evaluate('true'));
    await until(() => started.length === 1, 'it is started');
    const second = await connect(launcher.config);
    const { epoch: next } = await hello(second, launcher.config, { executions: ['e1'] });
    assert.ok(next > epoch);
    await peer.closed;
    await assert.rejects(finished(second, 'e1', epoch), refusedAs('stale_epoch'));
    assert.deepEqual(slot.status().running, ['e1']);
    assert.deepEqual(await finished(second, 'e1', next), { state: 'accepted' });
    assert.deepEqual(await running, result);
    assert.deepEqual(
      started.map(({ execId }) => execId),
      ['e1', 'e1'],
      'asked again on the new line',
    );
  });

  it('is not granted twice on one connection', async () => {
    const { peer } = await joinPool();
    await assert.rejects(hello(peer, launcher.config), refusedAs('stale_epoch'));
  });

  it('is not granted to another worker, nor to another protocol', async () => {
    await joinPool();
    const other = { ...launcher.config, workerId: 'slot-0-somebody' };
    await assert.rejects(hello(await connect(launcher.config), other), refusedAs('revoked'));
    const newer = await connect(launcher.config);
    await assert.rejects(
      hello(newer, launcher.config, { protocol: protocolVersion + 1 }),
      refusedAs('protocol_mismatch'),
    );
  });

  it("is lost for good with the worker: its secret opens no door, and its result is nobody's", async () => {
    const { slot } = await joinPool();
    const first = launcher.config;
    const running = slot.execute('e1', evaluate('true'));
    launcher.alive = false;
    await until(() => launcher.configs.length === 2, 'the next one is launched');
    await assert.rejects(connect(first), (error) => error instanceof DialError && error.status === 401);
    assert.notEqual(first.token, launcher.config.token);
    const peer = await connect(launcher.config);
    await hello(peer, launcher.config);
    await assert.rejects(running, /lost/);
  });

  it('makes a worker suspect when it is not renewed, and good again when it is', async () => {
    const starting = startPool({ leaseMs: 300, requestMs: 60_000 });
    await until(() => launcher.configs.length > 0, 'a worker is launched');
    const peer = await connect(launcher.config, false);
    let mute = false;
    const unanswered: (() => void)[] = [];
    peer.handle('lease.renew', async () => {
      if (mute) {
        await new Promise<void>((resolve) => unanswered.push(resolve));
      }
      return { gpus: [], gpuProblem: null };
    });
    await hello(peer, launcher.config);
    pool = await starting;
    const slot = pool.slot(0);
    mute = true;
    await until(() => slot.status().state === 'suspect', 'it is suspect');
    mute = false;
    for (const answer of unanswered) {
      answer();
    }
    await until(() => slot.status().state === 'ready', 'it is good again');
    assert.equal(ofType(events, 'slot_lost').length, 0);
  });

  it('survives the server in a file that only its owner can read, and its epoch never goes back', async () => {
    const { epoch } = await joinPool();
    const path = join(directory, 'workers', 'slot-0.json');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(directory, 'workers'))).mode & 0o777, 0o700);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).epoch, epoch);
    const config = launcher.config;
    pool?.detach();
    const again = startPool();
    await until(() => endpoint.urlFor('worker') === config.url, 'the same door');
    const peer = await retry(() => connect(config));
    const { epoch: next } = await hello(peer, config);
    pool = await again;
    assert.ok(next > epoch);
    assert.equal(launcher.configs.length, 1);
    assert.equal(ofType(events, 'slot_ready').at(-1)?.adopted, true);
  });
});

describe('a result', { timeout: 60_000 }, () => {
  it('that nobody has asked for is kept by the worker until somebody does', async () => {
    const { peer, epoch, slot } = await joinPool({}, ['early']);
    assert.deepEqual(slot.unclaimed(), ['early']);
    assert.deepEqual(await finished(peer, 'early', epoch), { state: 'unclaimed' });
    const asked = slot.execute('early', evaluate('true'));
    await until(() => started.length === 1, 'the worker is asked');
    assert.deepEqual(slot.unclaimed(), []);
    assert.deepEqual(await finished(peer, 'early', epoch), { state: 'accepted' });
    assert.deepEqual(await asked, result);
    assert.deepEqual(await finished(peer, 'early', epoch), { state: 'accepted' }, 'a copy is recognised');
  });

  it('is not acknowledged before it is durable, nor when it could not be made so', async () => {
    const { peer, epoch, slot } = await joinPool();
    const commits: PromiseWithResolvers<void>[] = [];
    const commit = () => {
      const one = Promise.withResolvers<void>();
      commits.push(one);
      return one.promise;
    };
    const running = slot.execute('e1', evaluate('true'), { commit });
    let acknowledged = 0;
    const deliveries = [finished(peer, 'e1', epoch), finished(peer, 'e1', epoch)].map((one) =>
      one.finally(() => {
        acknowledged += 1;
      }),
    );
    await until(() => commits.length === 1, 'it is being committed');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(acknowledged, 0);
    commits[0]?.resolve();
    assert.deepEqual(await Promise.all(deliveries), [{ state: 'accepted' }, { state: 'accepted' }]);
    assert.deepEqual(await running, result);
    assert.equal(commits.length, 1);

    const failing = slot.execute('e2', evaluate('true'), { commit: () => Promise.reject(new Error('disk full')) });
    const failed = assert.rejects(failing, /disk full/);
    assert.deepEqual(await finished(peer, 'e2', epoch), { state: 'unclaimed' });
    await failed;
    assert.deepEqual(slot.unclaimed(), ['e2']);
  });

  it('that does not fit the protocol is refused, and the line stays up', async () => {
    const { peer, epoch, slot } = await joinPool();
    const running = slot.execute('e1', evaluate('true'));
    const raw = JSON.stringify({ execId: 'e1', epoch, result: { kind: 'evaluated', exitCode: 'zero' } });
    const socket = await dial({ ...launcher.config, maxPayloadBytes: 1e6, timeoutMs: 5000 });
    socket.send(`{"jsonrpc":"2.0","id":1,"method":"execution.finished","params":${raw}}`);
    const answer = await new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
    assert.match(String(answer), /-32602/);
    socket.terminate();
    assert.deepEqual(await finished(peer, 'e1', epoch), { state: 'accepted' });
    await running;
  });
});

describe('a session', { timeout: 60_000 }, () => {
  it('that is opened while there is no line is opened as soon as there is one', async () => {
    const { peer, slot } = await joinPool();
    peer.terminate();
    await until(() => slot.status().state === 'disconnected', 'the line is gone');
    const opening = slot.openSession('agent', spec);
    await hello(await connect(launcher.config), launcher.config);
    assert.deepEqual(await opening, { kept: false });
    const abort = new AbortController();
    peers.at(-1)?.terminate();
    await until(() => slot.status().state === 'disconnected', 'the line is gone again');
    const given = slot.openSession('other', spec, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
  });
});

describe('a launch', { timeout: 60_000 }, () => {
  it('without a hello fails at its deadline, and leaves nothing', async () => {
    await assert.rejects(startPool({ helloMs: 200 }), (error) => {
      assert.ok(error instanceof WorkerStartError);
      assert.match(error.message, /no hello within 200 ms/);
      return true;
    });
    assert.equal(launcher.alive, false);
  });
});

async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt > 100) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
