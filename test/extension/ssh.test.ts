/** The agent server of another machine, through a real sshd on loopback: put there, started, reached, lost and found again. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Connection, type Link } from '../../extension/src/connection/connection.ts';
import { RestrictedError } from '../../extension/src/connection/localRoute.ts';
import { SshError } from '../../extension/src/connection/ssh/ssh.ts';
import { sshRoute } from '../../extension/src/connection/ssh/sshRoute.ts';
import { SshStream } from '../../extension/src/connection/ssh/sshStream.ts';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { isRunning, until as untilWithin } from '../support/agentServer.ts';
import { freePort, listens, noSshHost, SshHost, type SshHostOptions } from '../support/sshHost.ts';

/** A dozen sessions of ssh, each with a Node or two: seconds, where nothing else runs. */
const until = (what: string, condition: () => Promise<boolean> | boolean) => untilWithin(what, condition, 200_000);

interface Window {
  connection: Connection;
  links: Link['kind'][];
}

async function hostOf(t: TestContext, options: SshHostOptions = {}): Promise<SshHost> {
  const host = await SshHost.open(options);
  t.after(() => host[Symbol.asyncDispose]());
  return host;
}

/** The extension's folder, with a server that runs from the source. */
async function extensionFolder(t: TestContext, id: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "a2x it's-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'server'));
  await mkdir(join(folder, 'tasks'));
  const main = JSON.stringify(join(projectRoot, 'server', 'cli', 'main.ts'));
  await writeFile(join(folder, 'server', 'aira2.mjs'), `process.argv[1] = ${main};\nawait import(${main});\n`);
  await cp(join(projectRoot, 'requirements.txt'), join(folder, 'requirements.txt'));
  await writeFile(join(folder, 'build.json'), JSON.stringify({ version: '0.0.0', id }));
  return folder;
}

async function windowOn(t: TestContext, host: SshHost, { mayStart = true, id = 'a1b2c3d4' } = {}): Promise<Window> {
  const folder = await extensionFolder(t, id);
  const { name, configFile } = host;
  const connection = new Connection({
    route: () =>
      sshRoute({
        host: name,
        configFile,
        extensionFolder: folder,
        mayStart: () => mayStart,
        say: () => undefined,
      }),
    name: 'test window',
    build: `0.0.0+${id}`,
    log: { warn: () => undefined },
  });
  t.after(() => connection.dispose());
  const links: Link['kind'][] = [];
  connection.onLink(({ kind }) => {
    if (links.at(-1) !== kind) links.push(kind);
  });
  return { connection, links };
}

/** Rejected by ssh, in these words. */
function saying(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SshError, String(error));
    assert.match(error.message, words);
    return true;
  };
}

/** Every process that a window had for its link has ended, at both ends. */
async function nothingIsLeft(host: SshHost): Promise<void> {
  await until('ssh to end here', async () => (await host.clients()).length === 0);
  await until('relays to end there', async () => (await host.relays()).length === 0);
}

describe('a server behind ssh', { skip: noSshHost, timeout: 2_000_000 }, () => {
  it('is put there, started and reached, where ssh forwards nothing; looking starts nothing', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host);
    await connection.look();
    assert.equal(connection.link.kind, 'absent');
    assert.equal(connection.machine, 'gpu-box');
    assert.equal(existsSync(host.home), false, 'nothing was written');
    const client = await connection.need();
    const server = await client.request('server.get', {});
    assert.equal(server.pid, (await host.discovery()).pid);
    assert.equal(server.home, host.home);
    assert.equal(connection.isLocal, false);
    assert.match(connection.machine, /^gpu-box \(/, 'under the name that the person knows, with its own beside it');
    assert.equal((await stat(host.paths.directory)).mode & 0o777, 0o700);
    await connection.dispose();
    await nothingIsLeft(host);
    assert.ok(isRunning(server.pid), 'the server goes on');
  });

  it('is one for two windows that start it at the same moment, and is found by a third that may start nothing', async (t) => {
    const host = await hostOf(t);
    const windows = await Promise.all([windowOn(t, host), windowOn(t, host)]);
    const clients = await Promise.all(windows.map(({ connection }) => connection.need()));
    const { pid } = await host.discovery();
    for (const client of clients) assert.equal((await client.request('server.get', {})).pid, pid);
    assert.deepEqual(await readdir(join(host.paths.directory, 'builds')), ['a1b2c3d4']);
    const third = await windowOn(t, host, { mayStart: false });
    await third.connection.look();
    assert.equal(third.connection.link.kind, 'connected');
  });

  it('is not put on a machine by a window that does not trust its workspace', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host, { mayStart: false });
    await assert.rejects(connection.need(), RestrictedError);
    assert.equal(existsSync(host.home), false);
  });

  it('is reached again by itself after the link was cut; what was asked meanwhile is answered then', async (t) => {
    const host = await hostOf(t);
    const { connection, links } = await windowOn(t, host);
    const client = await connection.need();
    const { pid } = await host.discovery();
    await host.cut();
    await until('the link to be lost', () => links.includes('lost'));
    assert.match(connection.machine, /gpu-box/, 'it still says which machine');
    const asked = client.request('server.get', {}, { timeoutMs: 200_000 });
    await until('an attempt to have failed', () => {
      const { link } = connection;
      return link.kind === 'lost' && /ssh gpu-box/.test(link.reason);
    });
    await host.listen();
    assert.equal((await asked).pid, pid, 'the server went on');
    assert.equal(connection.client, client, 'what listens to it goes on');
    assert.equal(connection.link.kind, 'connected');
    await until('one connection to be left', async () => (await host.relays()).length === 1);
  });

  it('that died is started again by the window that was connected with it', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host);
    await connection.need();
    const { pid } = await host.discovery();
    process.kill(pid, 'SIGKILL');
    await until('another server', async () => {
      const found = await host.discovery().catch(() => null);
      return found !== null && found.pid !== pid && connection.link.kind === 'connected';
    });
  });

  it('gives way to one of a newer build, which other windows go on with', async (t) => {
    const host = await hostOf(t);
    const older = await windowOn(t, host, { id: 'older000' });
    await older.connection.need();
    const { pid } = await host.discovery();
    const newer = await windowOn(t, host, { id: 'newer000' });
    await newer.connection.need();
    assert.equal((await host.discovery()).pid, pid, 'it is used as it is, until somebody replaces it');
    await newer.connection.replaceServer();
    await until('the former server to end', () => !isRunning(pid));
    const next = await host.discovery();
    assert.notEqual(next.pid, pid);
    await until('the other window to be back', () => older.connection.link.kind === 'connected');
    assert.equal((await older.connection.get().request('server.get', {})).pid, next.pid);
    assert.deepEqual((await readdir(join(host.paths.directory, 'builds'))).sort(), ['newer000', 'older000']);
  });

  it('may live in a home whose path has everything in it that shells and ssh give a meaning to', async (t) => {
    const host = await hostOf(t, { homeName: ['o\'Br "i$en %h ', '{x} `é`: *!'].join('$') });
    const { connection } = await windowOn(t, host);
    const client = await connection.need();
    assert.equal((await client.request('server.get', {})).home, host.home);
  });

  it('is started with what the login shell says, and where AIRA2_HOME of that shell points', async (t) => {
    const host = await hostOf(t);
    const scratch = join(host.userHome, 'scratch space');
    const profile = `echo Welcome; read -r swallowed; export AIRA2_HOME='${scratch}' OPENAI_BASE_URL=http://127.0.0.1:9\n`;
    await writeFile(join(host.userHome, '.profile'), profile);
    const { connection } = await windowOn(t, host);
    const client = await connection.need();
    const { pid, home } = await client.request('server.get', {});
    assert.equal(home, scratch);
    assert.match(await readFile(`/proc/${pid}/environ`, 'utf8'), /OPENAI_BASE_URL=http/);
  });

  it('is reached through a connection that the person holds open, and as if the configuration wanted nothing else', async (t) => {
    const forwarded = await freePort();
    const host = await hostOf(t, {
      config: [
        ...['ControlMaster auto', 'ControlPath {root}/c', `LocalForward 127.0.0.1:${forwarded} 127.0.0.1:1`],
        ...['RequestTTY force', 'RemoteCommand tmux new -A'],
      ],
    });
    const { connection } = await windowOn(t, host);
    await connection.look();
    assert.equal(connection.link.kind, 'absent', 'reached without one, too');
    const person = spawn('ssh', [
      '-F',
      host.configFile,
      '-N',
      '-o',
      'ClearAllForwardings=yes',
      '-o',
      'RemoteCommand=none',
      host.name,
    ]);
    t.after(() => person.kill('SIGKILL'));
    await until('the connection of the person', () => existsSync(host.controlPath));
    await host.lockUp();
    const client = await connection.need();
    assert.equal((await client.request('server.get', {})).home, host.home);
    assert.equal(await listens(forwarded), false, 'that port is for the person’s own sessions');
    await connection.dispose();
    assert.equal(person.exitCode, null, 'the person’s connection goes on');
  });

  it('that ends, or that is not there, ends a stream to it: nobody waits for a sign of life', async (t) => {
    const host = await hostOf(t);
    const path = join(host.userHome, 's');
    const server = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const ssh = { host: host.name, configFile: host.configFile };
    const ending = async () => {
      const stream = new SshStream({ ssh, node: process.execPath, listening: { path } });
      stream.on('error', () => undefined);
      stream.resume();
      stream.write('hello');
      await new Promise((resolve) => stream.on('close', resolve));
      return stream.ending;
    };
    assert.equal(await ending(), null);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await ending(), 'nobody listens');
    await host.cut();
    const refused = await ending();
    assert.ok(refused instanceof SshError && refused.problem === 'link', String(refused));
  });

  it('does not outlive the window as a process: a window that is killed leaves nothing at either end', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host);
    await connection.need();
    const { url } = await host.discovery();
    await connection.dispose();
    await nothingIsLeft(host);
    const stream = join(projectRoot, 'extension', 'src', 'connection', 'ssh', 'sshStream.ts');
    const script = `const { SshStream, listeningOf } = await import(process.argv[1]);
      const [, , host, configFile, url] = process.argv;
      const stream = new SshStream({ ssh: { host, configFile }, node: process.execPath, listening: listeningOf(url) });
      stream.on('error', (error) => { throw error; });
      stream.resume();`;
    const window = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, stream, host.name, host.configFile, url],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    t.after(() => window.kill('SIGKILL'));
    await until('the connection', async () => (await host.relays()).length === 1);
    window.kill('SIGKILL');
    await nothingIsLeft(host);
  });

  it('is not waited for by a window that closes while it connects', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host);
    const needed = assert.rejects(connection.need());
    await until('ssh to be under way', async () => (await host.clients()).length > 0);
    await connection.dispose();
    await needed;
    await nothingIsLeft(host);
  });

  it('is left for another one that is chosen while it is being connected with: what is wanted then is that one’s', async (t) => {
    const [one, other] = [await hostOf(t), await hostOf(t)];
    const folder = await extensionFolder(t, 'a1b2c3d4');
    let chosen = one;
    const connection = new Connection({
      route: () =>
        sshRoute({
          host: chosen.name,
          configFile: chosen.configFile,
          extensionFolder: folder,
          mayStart: () => true,
          say: () => undefined,
        }),
      name: 'test window',
      build: '0.0.0+a1b2c3d4',
      log: { warn: () => undefined },
    });
    t.after(() => connection.dispose());
    const former = assert.rejects(connection.need());
    await until('ssh to be under way', async () => (await one.clients()).length > 0);
    chosen = other;
    const rerouted = connection.reroute();
    const client = await connection.need();
    await Promise.all([former, rerouted]);
    assert.equal((await client.request('server.get', {})).home, other.home);
    await nothingIsLeft(one);
  });

  it('of a host whose key is not known is not reached, and it is said what to do', async (t) => {
    const host = await hostOf(t, { isKnown: false, config: ['LogLevel QUIET'] });
    const { connection } = await windowOn(t, host);
    await assert.rejects(connection.need(), saying(/host key is not known here.*ssh gpu-box/));
    assert.equal(connection.link.kind, 'failed');
    assert.deepEqual(await host.clients(), []);
  });

  it('is given up where the host suddenly has another key, rather than knocked at for ever', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host);
    await connection.need();
    await host.changeKey();
    await until('the link to be given up', () => connection.link.kind === 'failed');
    const { link } = connection;
    assert.ok(link.kind === 'failed');
    assert.match(link.error.message, /key is another than before/);
    await nothingIsLeft(host);
  });

  it('of a user who is not let in is not reached, and it is said that nobody is asked for a password', async (t) => {
    const host = await hostOf(t, { user: 'nobody-of-that-name' });
    const { connection } = await windowOn(t, host);
    await assert.rejects(connection.need(), saying(/does not let you in.*ssh gpu-box.*Permission denied/));
  });

  it('of a machine without ssh is not reached, and that is said', async (t) => {
    const host = await hostOf(t);
    const { connection } = await windowOn(t, host);
    const { PATH } = process.env;
    process.env.PATH = host.userHome;
    try {
      await assert.rejects(connection.need(), saying(/no ssh on this machine/));
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('of a host without Node is not started, and it is said which one is wanted', async (t) => {
    const host = await hostOf(t, { hasNode: false });
    if (systemHasNode()) {
      t.skip('this system has a Node that is new enough where every session finds it');
      return;
    }
    const { connection } = await windowOn(t, host);
    await assert.rejects(connection.need(), saying(/no Node 22\.18/));
    assert.equal(existsSync(host.home), false, 'nothing was put there');
  });
});

/** Whether one stands where no configuration of a session can hide it. */
function systemHasNode(): boolean {
  const places = ['/usr/bin/node', '/bin/node', '/usr/local/bin/node', '/usr/local/sbin/node'];
  return places.filter(existsSync).some((node) => {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8', timeout: 60_000 });
    const [, major = 0, minor = 0] = (/^v(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
    return major > 22 || (major === 22 && minor >= 18);
  });
}
