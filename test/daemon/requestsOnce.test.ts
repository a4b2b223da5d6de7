/** Requests of a person whose answer gets lost: asked again, by the same client or through the next server, each is queued once. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findServer } from '../../protocol/findServer.ts';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { RunEvent } from '../../protocol/run.ts';
import type { AgentServerClient } from '../../protocol/serverClient.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { readProgramFolder } from '../../server/store/programFolder.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { TestServer } from '../support/agentServer.ts';
import { candidate, runStarted } from '../support/candidates.ts';
import { linearTask } from '../support/linearTask.ts';
import { LossyLink, socketOf } from '../support/lossyLink.ts';

const run = '20260104-000000-linear-c101';
const score = { value: 1, standardError: 0.1, rows: 60 };
let server: TestServer;

before(async () => {
  server = await TestServer.inNewHome();
  const { task } = await linearTask({ home: server.home });
  const { splitHash } = task;
  const store = await RunStore.create(server.home, run, { ...runStarted({ task: 'linear' }), splitHash });
  for (const id of [1, 2]) {
    await store.append({ type: 'candidate_started', candidate: candidate(id), request: null, generator: [1, 2, 3, 4] });
    await store.append({ type: 'candidate_submitted', id, summary: `line ${id}`, steps: 1 });
    await store.append({ type: 'candidate_scored', id, search: score, evaluation: [], suspiciouslyPerfect: false });
    const { program } = store.candidatePaths(id);
    await mkdir(program, { recursive: true });
    await writeFile(join(program, 'solution.py'), `print(${id})\n`);
  }
  await store.close();
});
after(() => server?.[Symbol.asyncDispose]());

const contentBase64 = Buffer.from('print(3)\n').toString('base64');
const wishes: Record<string, (client: AgentServerClient, operation: string) => Promise<{ request: string }>> = {
  fork: (client, operation) => client.request('run.fork', { run, parent: 1, guidance: 'on', operation }),
  cross: (client, operation) => client.request('run.cross', { run, parents: [1, 2], operation }),
  submit: (client, operation) =>
    client.request('run.submit', {
      run,
      parent: 2,
      summary: 'mine',
      files: [{ path: 'solution.py', contentBase64 }],
      operation,
    }),
  reevaluate: (client, operation) => client.request('candidate.reevaluate', { run, candidate: 1, times: 2, operation }),
};

async function queued(): Promise<{ request: string; kind: string }[]> {
  const events = await JsonlLog.read(join(server.home, 'runs', run, 'events.jsonl'), RunEvent);
  return events.flatMap(({ body }) =>
    body.type === 'request_queued' ? [{ request: body.request, kind: body.body.kind }] : [],
  );
}

describe('a request of a person', { timeout: 900_000 }, () => {
  for (const [kind, ask] of Object.entries(wishes))
    it(`to ${kind} is queued once where its answer was lost with the connection`, async () => {
      await server.start();
      await using link = await LossyLink.open(join(server.home, `${kind}.sock`), async () =>
        socketOf(await server.discovery()),
      );
      const client = await server.client({
        target: async () => link.address((await findServer(server.home)) ?? assert.fail('no server')),
      });
      link.loseAnswerWith('"result":{"request":');
      const { request } = await ask(client, `${kind} through a bad link`);
      assert.equal(link.lost, 1, 'the connection was lost in the middle');
      assert.deepEqual(
        (await queued()).filter((one) => one.kind === kind),
        [{ request, kind }],
      );
      const another = await ask(client, `${kind} once more`);
      assert.notEqual(another.request, request, 'another operation is another request');
    });

  it('is the same one for all who ask under its name at once', async () => {
    const clients = [await server.client(), await server.client()];
    const before = (await queued()).length;
    const asked = Array.from({ length: 8 }, (_, index) => {
      const client = clients[index % 2];
      assert.ok(client !== undefined);
      return client.request('run.submit', {
        run,
        summary: 'mine',
        files: [{ path: 'solution.py', contentBase64 }],
        operation: 'all at once',
      });
    });
    const [first, ...others] = (await Promise.all(asked)).map(({ request }) => request);
    assert.ok(first !== undefined && others.every((request) => request === first));
    assert.equal((await queued()).length, before + 1);
    const program = await readProgramFolder(join(server.home, 'runs', run, 'requests', first));
    assert.deepEqual(program, [{ path: 'solution.py', contentBase64 }]);
  });

  it('is known to the next server, and also when nothing can be added to the run any more', async () => {
    const client = await server.client();
    const ask = () => client.request('run.fork', { run, parent: 2, operation: 'before the power cut' });
    const { request } = await ask();
    const before = await queued();
    await server.kill();
    assert.equal((await ask()).request, request);
    const store = await RunStore.open(server.home, run);
    await store.append({ type: 'unsealed', scores: [], selected: 1, early: false });
    await store.append({ type: 'run_finished', reason: 'test' });
    await store.close();
    assert.equal((await ask()).request, request);
    assert.deepEqual(await queued(), before);
    await assert.rejects(
      client.request('run.fork', { run, parent: 2, operation: 'too late' }),
      (error: unknown) => error instanceof RemoteError && /has ended/.test(error.message),
    );
    await assert.rejects(
      client.request('run.cross', { run, parents: [1, 2], operation: 'before the power cut' }),
      (error: unknown) =>
        error instanceof RemoteError && error.kind === 'refused' && /as another one/.test(error.message),
    );
  });
});
