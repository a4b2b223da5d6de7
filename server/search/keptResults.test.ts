import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionResult } from '../../protocol/worker.ts';
import { KeptResults } from './keptResults.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'aira2-kept-'));
});
after(() => rm(root, { recursive: true, force: true }));

const result = (message: string): ExecutionResult => ({ kind: 'export_refused', message });
const never = 10 * 60_000;

describe('a result of an evaluation', () => {
  it('stays with its worker until the verdict is on disk, and needs no file then', async () => {
    const directory = join(root, 'quick');
    const kept = new KeptResults(directory, { isFirst: true, verdictMs: never });
    let dropped = false;
    const keeping = kept.keep('c1-search', result('a')).then(() => {
      dropped = true;
    });
    await sleep(20);
    assert.equal(dropped, false, 'the worker must keep its copy: nothing is on disk here');
    await kept.reached();
    await keeping;
    assert.equal(existsSync(directory), false);
  });

  it('is in a file before its worker may drop it when the verdict takes long, and found there after a restart', async () => {
    const directory = join(root, 'slow');
    const kept = new KeptResults(directory, { isFirst: true, verdictMs: 1 });
    await kept.keep('c1-search', result('hours of work'));
    const restarted = new KeptResults(directory, { isFirst: false });
    assert.deepEqual(await restarted.known('c1-search'), result('hours of work'));
    assert.equal(await restarted.known('c1-test'), null);
    await restarted.reached();
    assert.equal(existsSync(directory), false, 'nobody asks for it any more');
  });

  it('is in a file at once when there is to be no verdict', { timeout: 30_000 }, async () => {
    const directory = join(root, 'missed');
    const kept = new KeptResults(directory, { isFirst: true, verdictMs: never });
    const keeping = kept.keep('c1-search', result('a'));
    await kept.missed();
    assert.deepEqual(await new KeptResults(directory, { isFirst: false }).known('c1-search'), result('a'));
    await keeping;
  });

  it('is not dropped by its worker when it cannot be written', async () => {
    const directory = join(root, 'no folder');
    await writeFile(directory, '');
    const kept = new KeptResults(directory, { isFirst: true, verdictMs: never });
    const keeping = kept.keep('c1-search', result('a'));
    await kept.missed();
    await assert.rejects(keeping);
  });

  it('is no result if the machine was at fault: it is to be computed again', async () => {
    const directory = join(root, 'fault');
    const kept = new KeptResults(directory, { isFirst: true, verdictMs: never });
    await kept.keep('c1-search', { kind: 'infrastructure_error', message: 'the disk is gone' });
    await kept.missed();
    assert.equal(await new KeptResults(directory, { isFirst: false }).known('c1-search'), null);
  });
});
