import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ExecutionRequest, ExecutionResult } from '../../protocol/worker.ts';
import type { WorkerSlot } from '../workers/contract.ts';
import { DeviceLease } from '../workers/deviceLease.ts';
import { ExecutionBook } from '../workers/executionBook.ts';
import { executeOnce } from './executeOnce.ts';
import { KeptResults } from './keptResults.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'aira2-once-'));
});
after(() => rm(root, { recursive: true, force: true }));

const request: ExecutionRequest = { kind: 'bash', session: 's', command: 'true', timeoutMs: 1000 };
const result: ExecutionResult = { kind: 'export_refused', message: 'stands for any result' };
const { signal } = new AbortController();

/** A slot whose worker has been asked for `asked`. */
function slotOf(asked: string[]): { slot: Pick<WorkerSlot, 'execute' | 'withDevice'>; book: ExecutionBook } {
  const book = new ExecutionBook({
    slot: 0,
    directory: root,
    cancelWaitMs: 1000,
    onLineTrouble: (error) => assert.fail(String(error)),
  });
  const start = async (execId: string) => asked.push(execId);
  book.connected({ start, cancel: async () => undefined }, []);
  const device = new DeviceLease();
  const slot: Pick<WorkerSlot, 'execute' | 'withDevice'> = {
    execute: (execId, body, options = {}) => book.execute(execId, body, options),
    withDevice: (work, options = {}) => device.hold(work, options.priority ?? 'tool', options.signal),
  };
  return { slot, book };
}

describe('an execution of an evaluation', { timeout: 30_000 }, () => {
  it('leaves the device to others as soon as its result is here, while the worker keeps that until the verdict', async () => {
    const asked: string[] = [];
    const { slot, book } = slotOf(asked);
    const kept = new KeptResults(join(root, 'early'), { isFirst: true });
    const first = executeOnce({ execId: 'c1', request, slot, kept, signal });
    const second = executeOnce({
      execId: 'c2',
      request,
      slot,
      kept: new KeptResults(join(root, 'other'), { isFirst: true }),
      signal,
    });
    await new Promise(setImmediate);
    assert.deepEqual(asked, ['c1'], 'the device is held');
    let acknowledged = false;
    const delivery = book.finished('c1', result).then((state) => {
      acknowledged = true;
      return state;
    });
    assert.deepEqual(await first, result);
    await new Promise(setImmediate);
    assert.deepEqual(asked, ['c1', 'c2']);
    assert.equal(acknowledged, false);
    await kept.reached();
    assert.equal(await delivery, 'accepted');
    book.end(new Error('the test is over'));
    await assert.rejects(second);
  });

  it('is not asked for again where its result came to a file before a restart', async () => {
    const directory = join(root, 'restart');
    const before = new KeptResults(directory, { isFirst: true });
    const keeping = before.keep('c1', result);
    await before.missed();
    await keeping;
    const asked: string[] = [];
    const kept = new KeptResults(directory, { isFirst: false });
    assert.deepEqual(await executeOnce({ execId: 'c1', request, slot: slotOf(asked).slot, kept, signal }), result);
    assert.deepEqual(asked, []);
  });

  it('stays with its worker when it can be neither judged nor written', async () => {
    const asked: string[] = [];
    const { slot, book } = slotOf(asked);
    const file = join(root, 'no folder');
    await writeFile(file, '');
    const kept = new KeptResults(join(file, 'executions'), { isFirst: true });
    const executing = executeOnce({ execId: 'c1', request, slot, kept, signal });
    await new Promise(setImmediate);
    const delivery = book.finished('c1', result);
    await executing;
    await kept.missed();
    assert.equal(await delivery, 'unclaimed');
  });
});
