/** A server that is killed, or makes room for a newer one: the next takes its runs up by itself, and agents never notice. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { RunEvent } from '../../protocol/run.ts';
import { RunFeed } from '../../protocol/runFeed.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { GeminiServer } from '../models/geminiServer.ts';
import { isRunning, TestServer, until } from '../support/agentServer.ts';
import { geminiResearcher } from '../support/geminiResearcher.ts';
import { linearTask } from '../support/linearTask.ts';

const apiKey = 'AIza-take-up-0123456789';
const model = 'gemini:gemini-3-pro-test';
/** Long enough for a server to go and another to come, while it runs. */
const longCall = 'echo once >> /workspace/calls; sleep 15; echo "calls: $(wc -l < /workspace/calls)"';
const candidates = 4;

let gemini: GeminiServer;
const servers: TestServer[] = [];
beforeEach(async () => {
  // The agents after the first two need not be caught at anything.
  const respond = geminiResearcher((agent) => (agent <= 2 ? longCall : 'echo looked'));
  gemini = await GeminiServer.start({ apiKey, respond });
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  await gemini.close();
});

async function newServer(environment: Record<string, string> = { GEMINI_API_KEY: apiKey }): Promise<TestServer> {
  const server = await TestServer.inNewHome({ environment: { GOOGLE_GEMINI_BASE_URL: gemini.url, ...environment } });
  servers.push(server);
  await linearTask({ home: server.home });
  return server;
}

function start(client: AgentServerClient, server: TestServer, operation = 'start'): Promise<{ run: string }> {
  const settings = { model, workers: 2, drafts: 2, candidates };
  return client.request('run.start', { task: join(server.home, 'source'), settings, operation });
}

const eventsOf = (server: TestServer, run: string) =>
  JsonlLog.read(join(server.home, 'runs', run, 'events.jsonl'), RunEvent);
const trajectoryOf = (server: TestServer, run: string, candidate: number) =>
  JsonlLog.read(join(server.home, 'runs', run, 'candidates', String(candidate), 'trajectory.jsonl'), TrajectoryEvent);

/** Both agents have a tool call under way. */
async function bothAtWork(server: TestServer, run: string): Promise<void> {
  await until('both agents at their long call', async () => {
    for (const candidate of [1, 2]) {
      const events = await trajectoryOf(server, run, candidate);
      if (events.at(-1)?.type !== 'model') return false;
    }
    return true;
  });
}

/** Whatever happened: all candidates are there once, none has failed, and no tool call was made twice. */
async function assertUntouched(server: TestServer, run: string, announced: RunEvent[], feed: RunFeed): Promise<void> {
  await until('the run to finish', () => feed.view?.summary.state === 'finished', 300_000);
  const events = await eventsOf(server, run);
  assert.deepEqual(events.slice(0, announced.length), announced, 'what was announced is still there');
  const { counts } = feed.view?.summary ?? {};
  assert.deepEqual(
    { created: counts?.created, scored: counts?.scored, failed: counts?.failed, abandoned: counts?.abandoned },
    { created: candidates, scored: candidates, failed: 0, abandoned: 0 },
  );
  for (const candidate of [1, 2]) {
    const trajectory = await trajectoryOf(server, run, candidate);
    const resumed = trajectory.filter((event) => event.type === 'resumed');
    assert.deepEqual(
      resumed.map((event) => event.type === 'resumed' && event.sandboxKept),
      [true],
      'the agent goes on in the sandbox that it had',
    );
    const seen = trajectory.flatMap((event) => (event.type === 'observation' ? [event.observation.text] : []));
    assert.ok(
      seen.some((text) => text.includes('calls: 1')),
      `the call was made once: ${seen.join('\n')}`,
    );
  }
}

describe('the next agent server', { timeout: 2_400_000 }, () => {
  it('takes up the runs of one that was killed, with agents in the middle of a tool call', async () => {
    const server = await newServer();
    const client = await server.client();
    const { run } = await start(client, server);
    const feed = new RunFeed(client, run);
    await bothAtWork(server, run);
    const before = await server.kill();
    const announced = await eventsOf(server, run);
    // The client starts the next server by itself.
    await until('the run to be live again', async () => {
      const { liveRuns } = await client.request('server.get', {}, { timeoutMs: 240_000 });
      return liveRuns.includes(run);
    });
    assert.notEqual((await server.discovery()).pid, before);
    await assertUntouched(server, run, announced, feed);
  });

  it('takes up what another hands over, whose workers and their sandboxes stay at work meanwhile', async () => {
    const server = await newServer();
    const asking = await server.client();
    const watching = await server.client();
    const { run } = await start(asking, server);
    const feed = new RunFeed(watching, run);
    await bothAtWork(server, run);
    const workers = await workersOf(server, run);
    assert.equal(workers.length, 2);
    const { pid } = await server.discovery();
    await asking.request('server.stop', { how: 'handover' });
    await until('the old server to be gone', () => !isRunning(pid), 60_000);
    const announced = await eventsOf(server, run);
    for (const worker of workers) assert.ok(isRunning(worker), 'a worker outlives its server');
    // Somebody brings the newer server.
    await server.start();
    await until(
      'the clients to be back',
      () => [asking, watching].every(({ state }) => state.kind === 'connected'),
      60_000,
    );
    assert.deepEqual(await workersOf(server, run), workers, 'the same workers');
    await assertUntouched(server, run, announced, feed);
  });

  it('waits for the key that only clients have, and goes on as soon as one brings it', async () => {
    const server = await newServer({});
    const client = await server.client();
    await client.request('keys.set', { provider: 'gemini', key: apiKey });
    const { run } = await start(client, server);
    await bothAtWork(server, run);
    await server.kill();
    const view = await client.request('run.get', { run }, { timeoutMs: 240_000 });
    assert.equal(view.state, 'interrupted');
    await until('the next server to find that the key is missing', async () =>
      /could not be taken up/.test(await server.log()),
    );
    assert.deepEqual((await client.request('server.get', {})).liveRuns, []);
    await client.request('keys.set', { provider: 'gemini', key: apiKey });
    await until('the run to be live again', async () =>
      (await client.request('server.get', {})).liveRuns.includes(run),
    );
    await client.request('run.stop', { run, now: true });
    await until('the run to end', async () => (await client.request('run.get', { run })).state === 'finished');
  });

  it('leaves a paused run paused until a person has it go on, and comes back for one that is being steered', async () => {
    const server = await newServer();
    const client = await server.client();
    const { run } = await start(client, server);
    await bothAtWork(server, run);
    await client.request('run.pause', { run });
    await server.kill();
    // Somebody writes into it at the moment at which the next server would take it up.
    const steering = await RunStore.open(server.home, run);
    const found = await client.request('server.get', {}, { timeoutMs: 240_000 });
    await until('the next server to find it in use', async () => /could not be taken up/.test(await server.log()));
    assert.deepEqual(found.liveRuns, []);
    await steering.close();
    const get = () => client.request('run.get', { run });
    await until('it to be taken up, as paused as it was', async () => (await get()).state === 'paused');
    await until('the agents at work to come to their end', async () => (await get()).counts.scored === 2, 300_000);
    assert.deepEqual([(await get()).state, (await get()).counts.created], ['paused', 2]);
    await client.request('run.resume', { run });
    await until('the run to finish', async () => (await get()).state === 'finished', 300_000);
    assert.equal((await get()).counts.scored, candidates);
  });

  it('leaves alone what a person had stop, and what has ended', async () => {
    const server = await newServer();
    const client = await server.client();
    const { run } = await start(client, server);
    await bothAtWork(server, run);
    await client.request('run.stop', { run, now: true });
    await until('the run to end', async () => (await client.request('run.get', { run })).state === 'finished');
    await until('it not to be hosted', async () => (await client.request('server.get', {})).liveRuns.length === 0);
    const events = await eventsOf(server, run);
    await server.kill();
    await client.request('runs.list', {}, { timeoutMs: 240_000 });
    assert.deepEqual((await client.request('server.get', {})).liveRuns, []);
    assert.deepEqual(await eventsOf(server, run), events, 'nothing was added');
    assert.deepEqual(JSON.parse(await readFile(server.paths.hosted, 'utf8')), { runs: [] });
  });

  it('drains when it is told to: takes nothing new, and ends after the last run', async () => {
    const server = await newServer();
    const client = await server.client();
    const { run } = await start(client, server);
    await bothAtWork(server, run);
    const { pid } = await server.discovery();
    await client.request('server.stop', { how: 'drain' });
    await assert.rejects(start(client, server, 'another'), /takes no new ones/);
    assert.ok((await client.request('server.get', {})).draining);
    await client.request('run.stop', { run, now: true });
    await until('the server to end', () => !isRunning(pid));
    await until('the client to know that it has', () => client.state.kind === 'stopped');
    const events = await eventsOf(server, run);
    assert.equal(events.at(-1)?.body.type, 'run_finished');
  });
});

async function workersOf(server: TestServer, run: string): Promise<number[]> {
  const found: number[] = [];
  for (const slot of [0, 1]) {
    const file = join(server.home, 'runs', run, 'workers', `slot-${slot}.json`);
    const record: { process?: { pid?: number } } = JSON.parse(await readFile(file, 'utf8'));
    if (record.process?.pid !== undefined) found.push(record.process.pid);
  }
  return found;
}
