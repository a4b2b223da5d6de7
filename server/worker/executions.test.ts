import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Peer } from '../../protocol/rpc.ts';
import { RpcRefusal } from '../../protocol/rpcErrors.ts';
import { type ExecutionRequest, type ExecutionResult, serverToWorker, workerToServer } from '../../protocol/worker.ts';
import { Delivery } from './delivery.ts';
import { Executions } from './executions.ts';
import { Journal } from './journal.ts';
import type { Runner } from './runner.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'executions-'));
});
afterEach(() => rm(directory, { recursive: true }));

const log = { warn: () => undefined };
const tool = (session: string): ExecutionRequest => ({ kind: 'bash', session, command: 'x', timeoutMs: 1000 });
const done = (text: string): ExecutionResult => ({
  kind: 'tool',
  outcome: 'ok',
  text,
  fullTextPath: null,
  exitCode: 0,
  durationMs: 1,
});

/** Carries out nothing: it counts, and gives what it is told to. */
function executionsGiving(results: ExecutionResult[], journal: Journal) {
  const runs: string[] = [];
  const finished: string[] = [];
  const runner: Runner = {
    sessions: () => ['s'],
    open: () => true,
    close: () => Promise.resolve(),
    killAll: () => Promise.resolve(),
    run: async (request) => {
      runs.push(request.kind);
      const result = results.shift();
      assert.ok(result !== undefined);
      return result;
    },
  };
  const waiting: (() => void)[] = [];
  const executions = new Executions({
    journal,
    runner,
    onOutput: () => undefined,
    onFinished: (execId) => {
      finished.push(execId);
      waiting.shift()?.();
    },
    log,
  });
  const nextFinished = () => new Promise<void>((resolve) => waiting.push(resolve));
  return { executions, runs, nextFinished };
}

const isSettled = (error: unknown) => error instanceof RpcRefusal && error.kind === 'settled';

describe('executions', () => {
  it('run once under one id, also when a copy of the request comes after the acknowledgement', async () => {
    const journal = await Journal.open({ directory });
    const { executions, runs, nextFinished } = executionsGiving([done('a')], journal);
    const finished = nextFinished();
    assert.equal(executions.start('e1', tool('s')), 'accepted');
    assert.equal(executions.start('e1', tool('s')), 'running');
    await finished;
    assert.equal(executions.start('e1', tool('s')), 'finished');
    await executions.settle(['e1']);
    assert.throws(() => executions.start('e1', tool('s')), isSettled);
    assert.equal(runs.length, 1);
    await journal.close();
  });

  it('may run again when the machine failed them, and when their session begins anew', async () => {
    const journal = await Journal.open({ directory });
    const fault: ExecutionResult = { kind: 'infrastructure_error', message: 'no sandbox' };
    const { executions, runs, nextFinished } = executionsGiving([fault, done('a'), done('b')], journal);
    for (const expected of [1, 2]) {
      const finished = nextFinished();
      assert.equal(executions.start('e1', tool('s')), 'accepted');
      await finished;
      await executions.settle(['e1']);
      assert.equal(runs.length, expected);
    }
    assert.throws(() => executions.start('e1', tool('s')), isSettled);
    await executions.dropSession('s');
    const finished = nextFinished();
    assert.equal(executions.start('e1', tool('s')), 'accepted');
    await finished;
    assert.equal(runs.length, 3);
    await journal.close();
  });

  it('that end after the worker has begun to end leave no result', async () => {
    const journal = await Journal.open({ directory });
    const { executions } = executionsGiving([done('killed')], journal);
    executions.start('e1', tool('s'));
    executions.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(journal.ids(), []);
    await journal.close();
  });
});

describe('delivery', () => {
  it('sends a result that is too large for a frame without its output, and says so', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const accepted = once(server, 'connection');
    const socket = new WebSocket(`ws://127.0.0.1:${address.port}`);
    const [[theirs]] = await Promise.all([accepted, once(socket, 'open')]);
    const worker = new Peer(socket, { local: serverToWorker, remote: workerToServer, maxPayloadBytes: 10_000, log });
    const seen: ExecutionResult[] = [];
    const host = new Peer(theirs, { local: workerToServer, remote: serverToWorker, maxPayloadBytes: 10_000, log });
    host.handle('execution.finished', ({ result }) => {
      seen.push(result);
      return { state: 'accepted' };
    });
    worker.listen();
    host.listen();
    const large: ExecutionResult = {
      kind: 'evaluated',
      exitCode: 0,
      timedOut: false,
      outOfMemory: false,
      durationMs: 1,
      peakMemoryMb: 5,
      log: 'fine',
      outputGzipBase64: 'A'.repeat(20_000),
      outputProblem: null,
    };
    const settled = Promise.withResolvers<string[]>();
    const delivery = new Delivery({
      finished: () => ['e1'],
      result: () => Promise.resolve(large),
      settle: async (execIds) => settled.resolve(execIds),
      log,
    });
    delivery.connected(worker, 1);
    assert.deepEqual(await settled.promise, ['e1']);
    const [arrived] = seen;
    assert.ok(arrived?.kind === 'evaluated');
    assert.equal(arrived.outputGzipBase64, null);
    assert.match(arrived.outputProblem ?? '', /too large to send/);
    assert.equal(arrived.log, 'fine');
    await worker.close();
    server.close();
  });
});
