/**
 * A host `gpu-box` on loopback: a real sshd with keys, a home directory and an environment of its own, which ssh knows from a
 * configuration of its own. All that it started is gone when it is disposed.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Discovery } from '../../protocol/client.ts';
import { readDiscovery, type ServerPaths, serverPaths } from '../../protocol/discovery.ts';
import { findSshd } from '../../scripts/setup/sshd.ts';
import { which } from '../../server/setup/executables.ts';
import { endProcessesOf } from '../vscode/target/processes.ts';
import { isRunning, until } from './agentServer.ts';

const sshd = findSshd();

/** Why tests of this kind cannot be run here; false if they can. */
export const noSshHost: string | false =
  sshd !== null && which('ssh') !== null ? false : 'no sshd and ssh here: install openssh-server and openssh-client';

export interface SshHostOptions {
  /** Of the home directory there. */
  homeName?: string;
  /** False: the host's key stands in no known_hosts. */
  isKnown?: boolean;
  /** Name of the account, as the configuration gives it. Default: this one. */
  user?: string;
  /** False: PATH leads to no Node. */
  hasNode?: boolean;
  /** More lines of ssh's configuration for this host; `{root}` is a folder that goes with it. */
  config?: readonly string[];
  /** Of sessions, beside HOME and PATH. */
  environment?: Record<string, string>;
}

export class SshHost implements AsyncDisposable {
  readonly name = 'gpu-box';
  /** For `ssh -F`. */
  readonly configFile: string;
  /** HOME there. */
  readonly userHome: string;
  /** Where its agent server keeps everything. */
  readonly home: string;
  readonly paths: ServerPaths;
  readonly #root: string;
  readonly #port: number;
  #daemon: ChildProcess | null = null;

  private constructor(root: string, userHome: string, port: number) {
    this.#root = root;
    this.#port = port;
    this.userHome = userHome;
    this.home = join(userHome, '.aira2');
    this.paths = serverPaths(this.home);
    this.configFile = join(root, 'config');
  }

  /** A host that listens. */
  static async open(options: SshHostOptions = {}): Promise<SshHost> {
    // Short: paths of sockets below have about 100 characters.
    const root = await mkdtemp(join(tmpdir(), 'a2s-'));
    const host = new SshHost(root, join(root, options.homeName ?? 'h'), await freePort());
    try {
      await host.#configure(options);
      await host.listen();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts sshd, after `cut` again. */
  async listen(): Promise<void> {
    // Root's sshd wants this folder, which the system's own service makes as it starts.
    if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    const [program = '', ...args] = [
      ...dyingWithUs(),
      sshd ?? 'sshd',
      '-D',
      '-e',
      '-f',
      join(this.#root, 'sshd_config'),
    ];
    const daemon = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemon = daemon;
    let words = '';
    daemon.stderr.on('data', (piece: Buffer) => {
      words = (words + piece.toString('utf8')).slice(-4000);
    });
    await until('sshd to listen', async () => {
      if (daemon.exitCode !== null) throw new Error(`sshd ended with ${daemon.exitCode}: ${words}`);
      return listens(this.#port);
    });
  }

  /** The link is cut: sshd dies with all of its connections, and nothing listens any more. What ssh has started goes on. */
  async cut(): Promise<void> {
    const pid = this.#daemon?.pid;
    this.#daemon = null;
    if (pid === undefined || !isRunning(pid)) return;
    process.kill(pid, 'SIGSTOP');
    const all = [pid, ...(await sshdBelow(pid))];
    for (const one of all) if (isRunning(one)) process.kill(one, 'SIGKILL');
    await until('sshd to be gone', () => all.every((one) => !isRunning(one)));
  }

  /** Where the person's open connection is, with `ControlPath {root}/c`. */
  get controlPath(): string {
    return join(this.#root, 'c');
  }

  /** Of the agent server there. @throws if there is none */
  async discovery(): Promise<Discovery> {
    const found = await readDiscovery(this.paths.discovery);
    if (found === null) throw new Error('there is no agent server');
    return found;
  }

  /** Nobody is let in any more; sessions that are open go on. */
  async lockUp(): Promise<void> {
    await writeFile(join(this.#root, 'authorized'), '');
  }

  /** The host has another key from now on, as if somebody stood in between. */
  async changeKey(): Promise<void> {
    const path = join(this.#root, 'host');
    await rm(path);
    await rm(`${path}.pub`);
    makeKey(path);
    await this.cut();
    await this.listen();
  }

  /** Ends of connections on the other side. */
  async relays(): Promise<number[]> {
    const here = await processesWhere(
      (pid) => fileOf(pid, 'environ'),
      (text) => text.split('\0').includes(`HOME=${this.userHome}`),
    );
    const lines = await Promise.all(here.map(async (pid) => ({ pid, line: await fileOf(pid, 'cmdline') })));
    return lines.filter(({ line }) => line.includes('process.stdin.pipe(')).map(({ pid }) => pid);
  }

  /** Processes of ssh on this side. */
  clients(): Promise<number[]> {
    return processesWhere(
      (pid) => fileOf(pid, 'cmdline'),
      (line) => line.includes(this.configFile),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
    await endProcessesOf(this.userHome);
    await rm(this.#root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  async #configure(options: SshHostOptions): Promise<void> {
    const { isKnown = true, user = userInfo().username, hasNode = true, environment = {}, config = [] } = options;
    await mkdir(this.userHome, { mode: 0o700 });
    const [host, person] = [join(this.#root, 'host'), join(this.#root, 'person')];
    makeKey(host);
    makeKey(person);
    await cp(`${person}.pub`, join(this.#root, 'authorized'));
    const path = [...(hasNode ? [dirname(process.execPath)] : []), '/usr/bin', '/bin'].join(':');
    const variables = Object.entries({ HOME: this.userHome, PATH: path, ...environment });
    await writeFile(
      join(this.#root, 'sshd_config'),
      [
        `Port ${this.#port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${host}`,
        `AuthorizedKeysFile ${join(this.#root, 'authorized')}`,
        'PidFile none',
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PermitRootLogin prohibit-password',
        // As on many a cluster.
        'AllowTcpForwarding no',
        'AllowStreamLocalForwarding no',
        `SetEnv ${variables.map(([name, value]) => inQuotes(`${name}=${value}`)).join(' ')}`,
        '',
      ].join('\n'),
    );
    const [hostKey = ''] = /^\S+ \S+/.exec(await readFile(`${host}.pub`, 'utf8')) ?? [];
    await writeFile(join(this.#root, 'known_hosts'), isKnown ? `[127.0.0.1]:${this.#port} ${hostKey}\n` : '');
    await writeFile(
      this.configFile,
      [
        `Host ${this.name}`,
        '  HostName 127.0.0.1',
        `  Port ${this.#port}`,
        `  User ${user}`,
        `  IdentityFile ${person}`,
        '  IdentitiesOnly yes',
        '  IdentityAgent none',
        `  UserKnownHostsFile ${join(this.#root, 'known_hosts')}`,
        '  GlobalKnownHostsFile /dev/null',
        ...config.map((line) => `  ${line.replaceAll('{root}', this.#root)}`),
        '',
      ].join('\n'),
    );
  }
}

/** A prefix of the command line of what must not outlive a test that is killed. */
function dyingWithUs(): string[] {
  const setpriv = which('setpriv');
  return setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path], { timeout: 60_000 });
}

function inQuotes(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** sshd's own processes below one; what sessions have started is none of them. */
async function sshdBelow(pid: number): Promise<number[]> {
  // `pid (name) state parent …`: the name may have spaces and brackets in it.
  const children = await processesWhere(
    (one) => fileOf(one, 'stat'),
    (stat) => {
      const [, name = '', parent] = /^\d+ \((.*)\) \S+ (\d+)/s.exec(stat) ?? [];
      return Number(parent) === pid && name.startsWith('sshd');
    },
  );
  const below = await Promise.all(children.map(sshdBelow));
  return [...children, ...below.flat()];
}

async function processesWhere(
  read: (pid: number) => Promise<string>,
  fits: (text: string) => boolean,
): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const texts = await Promise.all(pids.map(async (pid) => ({ pid, text: await read(pid) })));
  return texts.filter(({ pid, text }) => fits(text) && isRunning(pid)).map(({ pid }) => pid);
}

/** Empty of a process that has gone in between. */
function fileOf(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** True if something accepts connections there. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const is = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  try {
    return await Promise.race([is, sleep(1000, false)]);
  } finally {
    socket.destroy();
  }
}
