import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { candidate, runStarted } from '../../test/support/candidates.ts';
import { EventsNotInMemoryError } from './eventPages.ts';
import { CorruptLogError } from './jsonlLog.ts';
import { LockedError } from './processLock.ts';
import { RunNotFoundError, RunStore, readRun } from './runStore.ts';

const id = '20261120-000000-toy-ab12';
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-store-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function withTwoCandidates(): Promise<RunStore> {
  const store = await RunStore.create(home, id, runStarted());
  for (const number of [1, 2])
    await store.append({
      type: 'candidate_started',
      candidate: candidate(number),
      request: null,
      generator: [1, 2, 3, number],
    });
  await store.append({
    type: 'candidate_scored',
    id: 1,
    search: { value: 0.5, standardError: 0.1, rows: 10 },
    evaluation: [],
    suspiciouslyPerfect: false,
  });
  return store;
}

describe('the run store', () => {
  it('opens to the same view that it was closed with', async () => {
    const store = await withTwoCandidates();
    const before = structuredClone(store.view);
    await store.close();
    const again = await RunStore.open(home, id);
    assert.deepEqual(again.view, before);
    assert.deepEqual(again.view.generator, [1, 2, 3, 2]);
    await again.close();
  });

  it('lets one process own a run at a time', async () => {
    const store = await withTwoCandidates();
    await assert.rejects(RunStore.open(home, id), LockedError);
    await store.close();
    await (await RunStore.open(home, id)).close();
  });

  it('takes over the lock of a process that is gone', async () => {
    const store = await withTwoCandidates();
    await store.close();
    await writeFile(store.paths.lock, JSON.stringify({ pid: 2 ** 22 - 1, startTime: '1' }));
    await (await RunStore.open(home, id)).close();
  });

  it('cuts off a torn last line, which was never announced, and goes on after it', async () => {
    const store = await withTwoCandidates();
    await store.close();
    await appendFile(store.paths.events, '{"seq":5,"at":1,"body":{"type":"run_pau');
    const again = await RunStore.open(home, id);
    assert.equal(again.view.lastSeq, 4);
    await again.append({ type: 'run_paused' });
    await again.close();
    assert.equal((await readRun(home, id)).view.lastSeq, 5);
  });

  it('names file and line of a damaged log rather than guessing', async () => {
    const store = await withTwoCandidates();
    await store.close();
    const lines = (await readFile(store.paths.events, 'utf8')).split('\n');
    lines[1] = '{"seq": 2}';
    await writeFile(store.paths.events, lines.join('\n'));
    await assert.rejects(RunStore.open(home, id), (error: unknown) => {
      assert.ok(error instanceof CorruptLogError);
      assert.equal(error.line, 2);
      assert.match(error.message, /events\.jsonl:2/);
      return true;
    });
  });

  it('makes documents again that a crash left behind the log', async () => {
    const store = await withTwoCandidates();
    await store.close();
    const document = store.candidatePaths(1).document;
    await rm(document);
    await writeFile(store.paths.document, '{"stale": true}');
    await (await RunStore.open(home, id)).close();
    assert.equal(JSON.parse(await readFile(document, 'utf8')).state, 'scored');
    assert.equal(JSON.parse(await readFile(store.paths.document, 'utf8')).counts.scored, 1);
  });

  it('tells listeners of an event only when it is on disk, in order, without gap or repeat', async () => {
    const store = await withTwoCandidates();
    const heard: number[] = [];
    const onDisk: boolean[] = [];
    store.subscribe(2, (event) => {
      heard.push(event.seq);
      if (event.seq > 4) onDisk.push(true);
    });
    await Promise.all(Array.from({ length: 20 }, () => store.append({ type: 'caveat', text: 'x' })));
    assert.deepEqual(
      heard,
      Array.from({ length: 22 }, (_, index) => index + 3),
    );
    const lines = (await readFile(store.paths.events, 'utf8')).trimEnd().split('\n');
    assert.equal(lines.length, 24);
    await store.close();
  });

  it('keeps the latest events in memory only, and pages older ones from disk, each once', async () => {
    const store = await withTwoCandidates();
    const texts = Array.from({ length: 2600 }, (_, index) => `caveat ${index}, with a letter of two bytes: é`);
    await Promise.all(texts.map((text) => store.append({ type: 'caveat', text })));
    const seen: number[] = [];
    let since = 0;
    for (let page = await store.events(0, 300); page.length > 0; page = await store.events(since, 300)) {
      assert.ok(page.length <= 300);
      seen.push(...page.map(({ seq }) => seq));
      since = seen.at(-1) ?? 0;
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 2604 }, (_, index) => index + 1),
    );
    const late: number[] = [];
    assert.throws(() => store.subscribe(0, ({ seq }) => late.push(seq)), EventsNotInMemoryError);
    assert.equal(late.length, 0, 'nobody is told half of a story');
    store.subscribe(2600, ({ seq }) => late.push(seq));
    assert.deepEqual(late, [2601, 2602, 2603, 2604]);
    await store.close();
    const again = await RunStore.open(home, id);
    assert.deepEqual(
      (await again.events(1500, 2)).map(({ body }) => body),
      [1497, 1498].map((index) => ({ type: 'caveat', text: texts[index - 1] })),
    );
    await again.close();
  });

  it('writes documents again that were older than the log when the process died', async () => {
    const store = await withTwoCandidates();
    await store.close();
    const documents = [store.paths.document, store.candidatePaths(2).document];
    const old = await Promise.all(documents.map((path) => readFile(path)));
    const second = await RunStore.open(home, id);
    await second.append({ type: 'candidate_abandoned', id: 2, reason: 'a test' });
    await second.close();
    await Promise.all(documents.map((path, index) => writeFile(path, old[index] ?? '')));
    await (await RunStore.open(home, id)).close();
    assert.equal(JSON.parse(await readFile(documents[1] ?? '', 'utf8')).state, 'abandoned');
    assert.equal(JSON.parse(await readFile(documents[0] ?? '', 'utf8')).counts.abandoned, 1);
  });

  it('has all documents on disk when it is closed, however many events came at once', async () => {
    const store = await withTwoCandidates();
    const numbers = Array.from({ length: 40 }, (_, index) => index + 3);
    await Promise.all(
      numbers.map((number) =>
        store.append({ type: 'candidate_started', candidate: candidate(number), request: null, generator: [] }),
      ),
    );
    await store.close();
    for (const number of numbers)
      assert.equal(JSON.parse(await readFile(store.candidatePaths(number).document, 'utf8')).id, number);
    assert.equal(JSON.parse(await readFile(store.paths.document, 'utf8')).seq, 44);
  });

  it('shows a run that nobody hosts as interrupted', async () => {
    const store = await withTwoCandidates();
    assert.equal((await readRun(home, id)).view.summary.state, 'running');
    await store.close();
    assert.equal((await readRun(home, id)).view.summary.state, 'interrupted');
  });

  it('says which runs there are when one is not found', async () => {
    await (await withTwoCandidates()).close();
    await assert.rejects(readRun(home, 'nope'), (error: unknown) => {
      assert.ok(error instanceof RunNotFoundError);
      assert.match(error.message, new RegExp(id));
      return true;
    });
  });

  it('keeps time the run was down out of its active time', async () => {
    let clock = 1000;
    const store = await RunStore.create(home, id, runStarted(), () => clock);
    clock = 4000;
    await store.append({ type: 'caveat', text: 'three seconds in' });
    await store.close();
    clock = 1_000_000;
    const again = await RunStore.open(home, id, () => clock);
    await again.append({ type: 'run_resumed', pid: 1 });
    clock = 1_002_000;
    await again.append({ type: 'run_paused' });
    clock = 1_500_000;
    await again.append({ type: 'run_unpaused' });
    clock = 1_500_500;
    await again.append({ type: 'run_finished', reason: 'done' });
    assert.equal(again.view.summary.activeMs, 3000 + 2000 + 500);
    await again.close();
  });

  it('fails every write after one that could not be done, and hangs on none', async () => {
    const store = await withTwoCandidates();
    await store.close();
    for (let attempt = 0; attempt < 3; attempt += 1)
      await assert.rejects(store.append({ type: 'caveat', text: 'too late' }), /closed/);
  });

  it('is not there before its first event is: a run that could not be made leaves nothing', async () => {
    const bad = { ...runStarted(), splitHash: 7 } as unknown as ReturnType<typeof runStarted>;
    await assert.rejects(RunStore.create(home, id, bad));
    assert.deepEqual(await readdir(join(home, 'runs')), []);
  });
});
