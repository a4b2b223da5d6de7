/** The window's connection with a real agent server: found, started, lost, taken over. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { Connection, type Link } from '../../extension/src/connection/connection.ts';
import { localRoute, RestrictedError } from '../../extension/src/connection/localRoute.ts';
import { NoServerBundleError } from '../../extension/src/connection/serverBundle.ts';
import { FollowedRuns } from '../../extension/src/runs/followedRuns.ts';
import { RunList } from '../../extension/src/runs/runList.ts';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { isRunning, TestServer, until } from '../support/agentServer.ts';

const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of owned.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Window {
  server: TestServer;
  connection: Connection;
  extensionFolder: string;
  links: Link['kind'][];
}

/** A window on a home of its own. Its extension's folder has a server that runs from the source. */
async function openWindow(options: { mayStart?: () => boolean; at?: Window; id?: string } = {}): Promise<Window> {
  const { mayStart = () => true, at, id = 'a1b2c3d4' } = options;
  const server = at?.server ?? (await TestServer.inNewHome());
  if (at === undefined) owned.push(server);
  const extensionFolder = at?.extensionFolder ?? (await fakeExtension(id));
  const connection = new Connection({
    route: () =>
      localRoute({
        home: server.home,
        extensionFolder,
        python: undefined,
        mayStart,
        environment: { ...server.environment, VSCODE_PID: '1', ELECTRON_NO_ASAR: '1' },
        waitMs: 90_000,
      }),
    name: 'test window',
    build: `0.0.0+${id}`,
    log: { warn: () => undefined },
  });
  owned.push({ [Symbol.asyncDispose]: () => connection.dispose() });
  const links: Link['kind'][] = [];
  connection.onLink(({ kind }) => {
    if (links.at(-1) !== kind) links.push(kind);
  });
  return { server, connection, extensionFolder, links };
}

async function fakeExtension(id: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-extension-'));
  owned.push({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) });
  await mkdir(join(folder, 'server'));
  await mkdir(join(folder, 'tasks'));
  const main = JSON.stringify(join(projectRoot, 'server', 'cli', 'main.ts'));
  await writeFile(join(folder, 'server', 'aira2.mjs'), `await import(${main});\n`);
  await cp(join(projectRoot, 'requirements.txt'), join(folder, 'requirements.txt'));
  await writeFile(join(folder, 'build.json'), JSON.stringify({ version: '0.0.0', id }));
  return folder;
}

async function serverPid({ connection, server }: Window): Promise<number> {
  const { pid } = await server.discovery();
  assert.equal(connection.link.kind, 'connected');
  return pid;
}

describe('the connection of a window', { timeout: 300_000 }, () => {
  it('looks without starting anything; starts when asked, from a copy that outlives the extension', async () => {
    const window = await openWindow();
    await window.connection.look();
    assert.equal(window.connection.link.kind, 'absent');
    assert.equal(existsSync(window.server.paths.directory), false, 'nothing was written');
    await window.connection.need();
    const pid = await serverPid(window);
    await rm(window.extensionFolder, { recursive: true });
    assert.ok(existsSync(join(window.server.paths.directory, 'builds', 'a1b2c3d4', 'server', 'aira2.mjs')));
    const { connection } = await openWindow({ at: window });
    await connection.look();
    assert.equal(connection.link.kind, 'connected', 'one that is there is found without any bundle');
    assert.equal((await window.server.discovery()).pid, pid);
  });

  it('of two windows that start at the same moment makes one server', async () => {
    const one = await openWindow();
    const two = await openWindow({ at: one });
    await Promise.all([one.connection.need(), two.connection.need()]);
    const infos = await Promise.all([one, two].map(({ connection }) => connection.get().request('server.get', {})));
    assert.equal(infos[0]?.pid, infos[1]?.pid);
  });

  it('starts nothing from a window that does not trust its workspace, and uses what is there', async () => {
    const restricted = await openWindow({ mayStart: () => false });
    await assert.rejects(restricted.connection.need(), RestrictedError);
    assert.equal(restricted.connection.link.kind, 'failed');
    await restricted.server.start();
    await restricted.connection.look();
    assert.equal(restricted.connection.link.kind, 'connected');
  });

  it('says that the link is lost when the server is killed, and comes back with another one by itself', async () => {
    const window = await openWindow();
    const list = new RunList();
    const followed = new FollowedRuns();
    window.connection.onClient((client) => {
      list.attach(client);
      followed.attach(client);
    });
    const client = await window.connection.need();
    await until('the list of runs', () => list.isKnown);
    const pid = await window.server.kill();
    await until('the link to be lost', () => window.links.includes('lost'));
    await until('another server', () => window.connection.link.kind === 'connected');
    assert.notEqual(await serverPid(window), pid);
    assert.equal(window.connection.client, client, 'what listens to it goes on');
    await assert.rejects(
      followed.look('no-such-run', () => null),
      /no-such-run/,
    );
  });

  it('lets a server that was stopped rest, and starts another when something is wanted', async () => {
    const window = await openWindow();
    const client = await window.connection.need();
    const pid = await serverPid(window);
    await client.request('server.stop', { how: 'idle' });
    await until('the server to end', () => !isRunning(pid));
    await until('the window to know', () => window.connection.link.kind === 'absent');
    await window.connection.look();
    assert.equal(window.connection.link.kind, 'absent');
    await window.connection.need();
    assert.notEqual(await serverPid(window), pid);
  });

  it('replaces a server by one of its own build', async () => {
    const window = await openWindow();
    await window.connection.need();
    const pid = await serverPid(window);
    await window.connection.replaceServer();
    assert.notEqual(await serverPid(window), pid);
    await until('the former server to end', () => !isRunning(pid));
  });

  it('tells what is wrong with an extension that brings no server', async () => {
    const window = await openWindow();
    await rm(join(window.extensionFolder, 'build.json'));
    await assert.rejects(window.connection.need(), NoServerBundleError);
    assert.equal(window.connection.link.kind, 'failed');
  });

  it('leaves what VS Code tells its own processes behind', async () => {
    const window = await openWindow();
    await window.connection.need();
    const { pid } = await window.server.discovery();
    const environment = await import('node:fs/promises').then(({ readFile }) =>
      readFile(`/proc/${pid}/environ`, 'utf8'),
    );
    assert.doesNotMatch(environment, /VSCODE_PID|ELECTRON_NO_ASAR/);
    assert.match(environment, /ELECTRON_RUN_AS_NODE=1/);
  });
});
