import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../protocol/run.ts';
import { runStarted } from '../../test/support/candidates.ts';
import { RunStore } from '../store/runStore.ts';
import { RunCatalog } from './runCatalog.ts';
import { RunFollower } from './runFollower.ts';

const run = '20260101-000000-toy-f001';
let home: string;
let store: RunStore;
let catalog: RunCatalog;
let follower: RunFollower | null = null;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-follower-'));
  store = await RunStore.create(home, run, runStarted());
  catalog = new RunCatalog(home, () => store);
  store.subscribe(store.view.lastSeq, () => catalog.grown(run));
});
afterEach(async () => {
  follower?.dispose();
  await store.close();
  await rm(home, { recursive: true, force: true });
});

async function addCaveats(count: number, word: string): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => store.append({ type: 'caveat', text: `${word} ${n}` })));
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(5)) if (condition()) return;
  throw new Error(`waited 30 s for ${what}`);
}

/** @param buffered what the client has not read yet, in bytes */
function follow(sinceSeq: number, buffered: () => number = () => 0) {
  const told = { batches: [] as RunEvent[][], at: [] as number[], lagging: 0, failed: [] as unknown[] };
  follower = new RunFollower({
    run,
    sinceSeq,
    catalog,
    send: (events) => {
      told.batches.push(events);
      told.at.push(performance.now());
      return true;
    },
    bufferedBytes: buffered,
    lagging: () => {
      told.lagging += 1;
    },
    failed: (error) => told.failed.push(error),
    timing: { batchEveryMs: 30, patienceMs: 1000, maxBufferedBytes: 1000 },
  });
  return told;
}

const seqs = (batches: RunEvent[][]) => batches.flat().map(({ seq }) => seq);
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe('following a run', { timeout: 120_000 }, () => {
  it('tells history, then what comes, each event once and in order', async () => {
    await addCaveats(3000, 'before');
    const told = follow(10);
    const adding = addCaveats(500, 'meanwhile');
    await adding;
    await until('all events', () => seqs(told.batches).length >= 3491);
    assert.deepEqual(seqs(told.batches), upTo(11, 3501));
    await addCaveats(1, 'late');
    await until('the last one', () => seqs(told.batches).length === 3492);
    assert.deepEqual(told.failed, []);
  });

  it('gathers what comes quickly into few batches', async () => {
    const told = follow(1);
    for (let n = 0; n < 40; n += 1) {
      await addCaveats(1, `event ${n}`);
      await sleep(5);
    }
    await until('all events', () => seqs(told.batches).length === 40);
    const pauses = told.at.slice(1).map((at, index) => at - (told.at[index] ?? 0));
    assert.ok(
      pauses.every((pause) => pause > 25),
      `pauses of ${pauses.map(Math.round).join(', ')} ms`,
    );
  });

  it('waits for a reader that is slow for a moment, and gives up on one that stays so', async () => {
    let buffered = 5000;
    setTimeout(() => {
      buffered = 0;
    }, 60);
    const told = follow(0, () => buffered);
    await until('the first event', () => seqs(told.batches).length === 1);
    buffered = 5000;
    await addCaveats(3, 'unread');
    await until('the word that it lags', () => told.lagging === 1);
    buffered = 0;
    await addCaveats(3, 'after');
    await sleep(200);
    assert.deepEqual(seqs(told.batches), [1], 'it has to follow again');
    const again = follow(1, () => buffered);
    await until('the rest', () => seqs(again.batches).length === 6);
    assert.deepEqual(seqs(again.batches), upTo(2, 7));
  });

  it('tells nothing more once it is disposed', async () => {
    const told = follow(0);
    await until('the first event', () => seqs(told.batches).length === 1);
    follower?.dispose();
    await addCaveats(2, 'unheard');
    await sleep(150);
    assert.equal(seqs(told.batches).length, 1);
    assert.deepEqual(told.failed, []);
  });
});
