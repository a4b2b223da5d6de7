/** The Python environment that the agent server makes: one that was cut off, or could not be had, is never taken for one that is ready. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { isRunning, TestServer, until } from '../support/agentServer.ts';

let server: TestServer;
let index: Server;
let asked = 0;
/** Whether the package index answers at all; then it has nothing. */
let isAnswering = false;

before(async () => {
  index = createServer((_, response) => {
    asked += 1;
    if (isAnswering) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
  const address = index.address();
  assert.ok(address !== null && typeof address === 'object');
  server = await TestServer.inNewHome({
    environment: { PIP_CONFIG_FILE: '/dev/null', PIP_INDEX_URL: `http://127.0.0.1:${address.port}/simple` },
  });
  server.environment.AIRA2_VENV = join(server.home, 'environment');
});
after(async () => {
  for (const pid of await installers()) process.kill(pid, 'SIGKILL');
  await server?.[Symbol.asyncDispose]();
  index?.closeAllConnections();
  await new Promise((resolve) => index?.close(resolve));
});
beforeEach(() => {
  asked = 0;
});

/** Processes that work on this test's environment. */
async function installers(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = await readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '');
    if (words.startsWith(join(server.home, 'environment')) && isRunning(Number(name))) found.push(Number(name));
  }
  return found;
}

const isEnvironment = (error: unknown) => error instanceof RemoteError && error.kind === 'environment';

describe('the Python environment', { timeout: 900_000 }, () => {
  it('whose packages cannot be had is not there, and why is said in words', async () => {
    isAnswering = true;
    const client = await server.client();
    const steps: string[] = [];
    client.on('progress', ({ message }) => steps.push(message));
    assert.match((await client.request('machine.get', {})).pythonProblem ?? '', /no Python environment/);
    await assert.rejects(
      client.request('environment.setUp', { operation: 'no packages' }),
      (error: unknown) => isEnvironment(error) && /pip could not install/.test(String(error)),
    );
    assert.ok(
      steps.some((step) => /installing numpy/.test(step)),
      steps.join('\n'),
    );
    assert.match((await client.request('machine.get', {})).pythonProblem ?? '', /no Python environment/);
    const start = { task: 'diamonds', settings: { model: 'heuristic' }, operation: 'too early' };
    await assert.rejects(client.request('run.start', start), isEnvironment);
  });

  it('is made by one at a time; who calls it off ends what makes it, and nobody else', async () => {
    isAnswering = false;
    const client = await server.client();
    const other = await server.client();
    const abort = new AbortController();
    const calledOff = client.request('environment.setUp', { operation: 'called off' }, { signal: abort.signal });
    calledOff.catch(() => undefined);
    await until('the index to be asked', () => asked > 0);
    const waiting = other.request('environment.setUp', { operation: 'waits' });
    waiting.catch(() => undefined);
    const before = await installers();
    assert.equal(before.length, 1);
    const asksBefore = asked;
    abort.abort();
    await assert.rejects(calledOff);
    await until('its installer to be gone', () => before.every((pid) => !isRunning(pid)));
    await until('the other one to go on in its stead', () => asked > asksBefore);
    assert.equal((await installers()).length, 1);
    assert.match((await client.request('machine.get', {})).pythonProblem ?? '', /no Python environment/);
    isAnswering = true;
    index.closeAllConnections();
    await assert.rejects(waiting, isEnvironment);
  });

  it('that was cut off with its server is not there for the next one', async () => {
    isAnswering = false;
    const client = await server.client();
    const asking = client.request('environment.setUp', { operation: 'cut off' });
    asking.catch(() => undefined);
    await until('the index to be asked', () => asked > 0);
    isAnswering = true;
    await server.kill();
    for (const pid of await installers()) process.kill(pid, 'SIGKILL');
    const next = await server.client();
    assert.match((await next.request('machine.get', {})).pythonProblem ?? '', /no Python environment/);
    // The client has asked the next server for it, under the same name.
    await assert.rejects(asking, isEnvironment);
  });

  it('takes no place of anything else', async () => {
    const other = await TestServer.inNewHome({ environment: { PIP_CONFIG_FILE: '/dev/null' } });
    try {
      const taken = join(other.home, 'documents');
      await mkdir(taken);
      await writeFile(join(taken, 'thesis.txt'), 'years of work');
      other.environment.AIRA2_VENV = taken;
      const client = await other.client();
      await assert.rejects(
        client.request('environment.setUp', { operation: 'in the way' }),
        (error: unknown) => isEnvironment(error) && /something else/.test(String(error)),
      );
      assert.equal(await readFile(join(taken, 'thesis.txt'), 'utf8'), 'years of work');
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
});
