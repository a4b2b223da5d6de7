/** Runs that other processes host, and what is read of candidates: shown as they are, steered where they live. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import type { TrajectoryItem } from '../../protocol/clientViews.ts';
import { RunFeed } from '../../protocol/runFeed.ts';
import type { ResultOf } from '../../protocol/serverClient.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { candidate, runStarted } from '../support/candidates.ts';
import { hostProgram } from '../support/hostProcess.ts';
import { linearTask } from '../support/linearTask.ts';

const foreign = '20260101-000000-linear-f001';
const stored = '20260102-000000-linear-f002';
let server: TestServer;

before(async () => {
  server = await TestServer.inNewHome();
  await linearTask({ home: server.home });
});
after(() => server?.[Symbol.asyncDispose]());

describe('the agent server', { timeout: 1_500_000 }, () => {
  it('shows a run that another process hosts, follows it live, and passes on what a person asks', async () => {
    const client = await server.client();
    const news: string[] = [];
    client.on('run.changed', ({ summary }) => news.push(`${summary.id} ${summary.state}`));
    await client.request('runs.watch', {});
    const hosting = execa(process.execPath, [hostProgram, server.home, foreign, '12'], {
      reject: false,
      timeout: 300_000,
    });
    await until('the run to be seen', async () => (await client.request('runs.list', {})).runs.length === 1);
    const feed = new RunFeed(client, foreign);
    await until('it to be live', () => (feed.view?.summary.counts.scored ?? 0) >= 1, 120_000);
    assert.equal(feed.view?.summary.state, 'running');
    assert.deepEqual((await client.request('server.get', {})).liveRuns, [], 'it is hosted elsewhere');
    await client.request('run.pause', { run: foreign });
    await until('the pause to come back as an event', () => feed.view?.summary.state === 'paused', 60_000);
    await client.request('candidate.mark', { run: foreign, candidate: 1, pinned: true });
    await until('the mark', () => feed.view?.candidates.get(1)?.pinned === true, 60_000);
    await client.request('run.unpause', { run: foreign });
    hosting.kill('SIGKILL');
    await hosting;
    await until('it to show as interrupted', () => feed.view?.summary.state === 'interrupted', 60_000);
    assert.equal((await client.request('run.get', { run: foreign })).state, 'interrupted');
    await until('watchers to hear so', () => news.includes(`${foreign} interrupted`), 60_000);
  });

  it('pages a trajectory, follows its whole lines, and leaves out what only the engine reads', async () => {
    const store = await RunStore.create(server.home, stored, runStarted());
    await store.append({ type: 'candidate_started', candidate: candidate(1), request: null, generator: [1, 2, 3, 4] });
    await store.close();
    const { directory, trajectory, outputs } = store.candidatePaths(1);
    await mkdir(outputs, { recursive: true });
    const line = (event: object) => `${JSON.stringify(event)}\n`;
    const started = {
      type: 'started',
      at: 1,
      model: 'm',
      systemPrompt: 's',
      prompt: 'p',
      seed: 1,
      context: { big: 'x' },
    };
    const usage = { input: 1, cachedInput: 0, output: 1, thoughts: 0 };
    const said = {
      type: 'model',
      at: 2,
      step: 1,
      reason: 'why',
      calls: [],
      finish: 'stop',
      usage,
      durationMs: 1,
      native: { big: 'y' },
    };
    const saw = (n: number, more = {}) => ({
      type: 'observation',
      at: 3,
      step: n,
      callId: `c${n}`,
      observation: { text: `saw ${n}`, outcome: 'ok', durationMs: 1, ...more },
    });
    await writeFile(trajectory, line(started) + line(said) + line(saw(1)));
    const client = await server.client();
    const of = { run: stored, candidate: 1 };
    const page = await client.request('trajectory.page', { ...of, from: 0, limit: 2 });
    assert.equal(page.total, 3);
    assert.deepEqual(
      page.items.map(({ index }) => index),
      [0, 1],
    );
    assert.doesNotMatch(JSON.stringify(page.items), /big/);

    const items: TrajectoryItem[] = [];
    client.on('trajectory.events', (told) => items.push(...told.items));
    await client.request('trajectory.follow', { ...of, from: 2 });
    await until('the event that is there', () => items.length === 1, 30_000);
    const text = 'é'.repeat(300_000);
    await writeFile(join(outputs, 'c1-2-0.txt.gz'), gzipSync(text));
    const next = line(saw(2, { keptOutput: 'c1-2-0.txt.gz' }));
    await appendFile(trajectory, next.slice(0, 20));
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.equal(items.length, 1, 'half a line is none');
    await appendFile(trajectory, next.slice(20));
    await until('the new event', () => items.length === 2, 30_000);
    assert.deepEqual(
      items.map(({ index }) => index),
      [2, 3],
    );

    let output = '';
    for (let offset: number | null = 0; offset !== null; ) {
      const piece: ResultOf<'trajectory.output'> = await client.request('trajectory.output', {
        ...of,
        index: 3,
        offset,
      });
      assert.ok(piece !== null);
      assert.equal(piece.bytes, 600_000);
      output += piece.text;
      offset = piece.nextOffset;
    }
    assert.equal(output, text, 'pieces end with whole characters');
    assert.equal(await client.request('trajectory.output', { ...of, index: 2, offset: 0 }), null, 'nothing was kept');
    assert.ok(directory.startsWith(server.home));
  });
});
