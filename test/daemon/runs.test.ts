/** Runs through the agent server: started, followed by several at once, across lost connections, by readers that sleep. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyEvent, openRunView } from '../../protocol/projection.ts';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { RunEvent } from '../../protocol/run.ts';
import { RunFeed } from '../../protocol/runFeed.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { GeminiServer } from '../models/geminiServer.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { geminiResearcher } from '../support/geminiResearcher.ts';
import { type LinearTask, linearTask } from '../support/linearTask.ts';

const apiKey = 'AIza-daemon-0123456789-must-stay-home';
const model = 'gemini:gemini-3-pro-test';
let gemini: GeminiServer;
let server: TestServer;
let toy: LinearTask;

before(async () => {
  // What a slot does is told once a second: the first agents take longer than that over each thing.
  const isFirst = (agent: number) => agent <= settings.workers;
  gemini = await GeminiServer.start({
    apiKey,
    respond: geminiResearcher(
      (agent) => `sleep ${isFirst(agent) ? 1.5 : 0.2}; seq 20000; echo looked`,
      (agent) => (isFirst(agent) ? 'import time\ntime.sleep(1.5)' : ''),
    ),
  });
  server = await TestServer.inNewHome({ environment: { GOOGLE_GEMINI_BASE_URL: gemini.url } });
  toy = await linearTask({ home: server.home });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await gemini?.close();
});

const settings = { model, workers: 2, drafts: 2, candidates: 5 };

async function start(client: AgentServerClient, more: object = {}, operation = `start-${Math.random()}`) {
  await client.request('keys.set', { provider: 'gemini', key: apiKey });
  const { run } = await client.request('run.start', {
    task: toy.source,
    settings: { ...settings, ...more },
    operation,
  });
  return run;
}

const eventsOnDisk = (run: string) => JsonlLog.read(join(server.home, 'runs', run, 'events.jsonl'), RunEvent);

/** Every event that a feed tells, and what it ends with. */
function record(feed: RunFeed): { events: RunEvent[]; resets: number } {
  const told: { events: RunEvent[]; resets: number } = { events: [], resets: 0 };
  feed.onChange((change) => {
    if (change.kind === 'reset') told.resets += 1;
    if (change.kind === 'events') told.events.push(...change.events);
  });
  return told;
}

const hasFinished = (feed: RunFeed) => feed.view?.summary.state === 'finished';

describe('a run of the agent server', { timeout: 2_400_000 }, () => {
  it('is planned without a key, and says what is missing', async () => {
    const client = await server.client();
    const plan = await client.request('run.plan', { task: toy.source, settings: { model, candidates: 3 } });
    assert.equal(plan.settings.candidates, 3);
    assert.equal(plan.settings.drafts, 4);
    assert.equal(plan.estimate?.basis, 'assumed');
    assert.ok(
      plan.warnings.some((warning) => /GEMINI_API_KEY/.test(warning)),
      plan.warnings.join('\n'),
    );
    assert.ok(plan.warnings.some((warning) => /unpriced/.test(warning)));
    await assert.rejects(
      client.request('run.start', { task: toy.source, settings: { model }, operation: 'no key' }),
      (error: unknown) => error instanceof RemoteError && error.kind === 'key',
    );
    await assert.rejects(
      client.request('run.plan', { task: 'some/relative/path', settings: {} }),
      (error: unknown) => error instanceof RemoteError && error.kind === 'bad_input',
    );
    assert.deepEqual((await client.request('runs.list', {})).runs, [], 'nothing was begun');
  });

  it('is followed to its end by every client alike, tells its steps, and leaves the key nowhere', async () => {
    const client = await server.client();
    const watching = await server.client();
    const steps: string[] = [];
    const states: string[] = [];
    const doing = new Set<string>();
    client.on('progress', ({ message }) => steps.push(message));
    watching.on('run.changed', ({ summary }) => states.push(summary.state));
    watching.on('workers.changed', ({ slots }) => {
      for (const { activities } of slots) for (const activity of activities) doing.add(activity.doing);
    });
    await watching.request('runs.watch', {});
    await watching.request('workers.watch', { on: true });
    const run = await start(client);
    const feeds = [new RunFeed(client, run), new RunFeed(watching, run)];
    const told = feeds.map(record);
    await until('the run to finish', () => feeds.every(hasFinished), 240_000);
    const events = await eventsOnDisk(run);
    for (const [index, feed] of feeds.entries()) {
      const seqs = told[index]?.events.map(({ seq }) => seq) ?? [];
      const first = events.length - seqs.length + 1;
      assert.deepEqual(
        seqs,
        Array.from({ length: seqs.length }, (_, n) => first + n),
        'no gap and no repeat',
      );
      assert.deepEqual(feed.view?.summary, folded(run, events).summary, 'all see what the log says');
    }
    assert.ok(
      steps.some((step) => /trying .*gemini/i.test(step)),
      steps.join('\n'),
    );
    // Summaries are told twice a second at most, events at once.
    await until('the summary to say so', () => states.at(-1) === 'finished');
    for (const what of ['bash', 'evaluating']) assert.ok(doing.has(what), [...doing].join());
    const { runs } = await client.request('runs.list', {});
    assert.equal(runs.find(({ id }) => id === run)?.counts.scored, settings.candidates);
    const { markdown, path } = await client.request('run.report', { run });
    assert.match(markdown, /Selected program/);
    assert.equal(await readFile(path ?? '', 'utf8'), markdown);
    await until('its workers to be gone', async () => (await client.request('server.get', {})).liveRuns.length === 0);
    await assertNowhere(apiKey, server.home);
  });

  it('loses no event and tells none twice, however often the connection is lost', async () => {
    const client = await server.client();
    const run = await start(client);
    const feed = new RunFeed(client, run);
    const told = record(feed);
    let dropped = 0;
    while (!hasFinished(feed)) {
      await sleep(300);
      client.reconnect();
      dropped += 1;
      await until('the connection to be back', () => client.state.kind === 'connected', 60_000);
      await sleep(200);
    }
    assert.ok(dropped >= 3, `${dropped} connections were lost`);
    const events = await eventsOnDisk(run);
    assert.equal(told.resets, 1, 'a connection that comes back goes on where it was');
    const [first] = told.events;
    assert.ok(first !== undefined);
    assert.deepEqual(told.events, events.slice(first.seq - 1), 'every event once, in order');
  });

  it('that is asked for twice under one name is started once', async () => {
    const client = await server.client();
    const again = await server.client();
    const before = (await client.request('runs.list', {})).runs.length;
    const [one, two] = await Promise.all([start(client, {}, 'same name'), start(again, {}, 'same name')]);
    assert.equal(one, two);
    assert.equal((await client.request('runs.list', {})).runs.length, before + 1);
    await client.request('run.stop', { run: one, now: true });
    await until('it to end', async () => (await client.request('run.get', { run: one })).state === 'finished');
  });

  it('is steered, refused in words where that cannot be, and deleted when it is over', async () => {
    const client = await server.client();
    const run = await start(client, { candidates: 200 });
    const feed = new RunFeed(client, run);
    const scored = () => (feed.view?.summary.counts.scored ?? 0) >= 2;
    await until('two scored candidates', scored, 120_000);
    await client.request('run.pause', { run });
    await until('the pause to be told', () => feed.view?.summary.state === 'paused', 30_000);
    await client.request('candidate.mark', { run, candidate: 1, pinned: true });
    const { request } = await client.request('run.fork', {
      run,
      parent: 1,
      guidance: 'a steeper line',
      operation: 'a',
    });
    await client.request('run.extend', { run, by: { candidates: 7 } });
    await until('the events', () => feed.view?.pending.some((one) => one.request === request) ?? false, 30_000);
    assert.equal(feed.view?.candidates.get(1)?.pinned, true);
    await until('more candidates', () => feed.view?.summary.config.candidates === 207, 30_000);
    await assert.rejects(
      client.request('run.fork', { run, parent: 77, operation: 'b' }),
      (error: unknown) =>
        error instanceof RemoteError && error.kind === 'not_found' && /no candidate #77/.test(error.message),
    );
    await client.request('run.resume', { run });
    await until('the pause to be over', () => feed.view?.summary.state === 'running', 30_000);
    const refusals = [
      () => client.request('run.delete', { run }),
      () => client.request('run.resume', { run }),
      () => client.request('server.stop', { how: 'idle' }),
    ];
    for (const refused of refusals)
      await assert.rejects(refused, (error: unknown) => error instanceof RemoteError && error.kind === 'refused');
    await client.request('run.stop', { run, now: true });
    await until('the end', () => hasFinished(feed), 120_000);
    const deleted: string[] = [];
    client.on('run.deleted', ({ run: id }) => deleted.push(id));
    await client.request('runs.watch', {});
    await until('the run not to be live', async () => (await client.request('server.get', {})).liveRuns.length === 0);
    await client.request('run.delete', { run });
    assert.deepEqual(deleted, [run]);
    await assert.rejects(
      client.request('run.snapshot', { run }),
      (error: unknown) => error instanceof RemoteError && error.kind === 'not_found',
    );
  });
});

function folded(run: string, events: RunEvent[]) {
  const [first, ...others] = events;
  assert.ok(first !== undefined);
  const view = openRunView(run, first);
  for (const event of others) applyEvent(view, event);
  return view;
}

async function assertNowhere(secret: string, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    assert.ok(!content.includes(secret), `${path} holds the key`);
  }
}
