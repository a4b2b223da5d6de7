/**
 * No sandbox: plain processes of the worker's own user in a folder of their own. Nothing is kept from them and nothing
 * is held to a limit. For a machine where nothing better can be had, and only when a person has typed it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { hasCode } from '../../../protocol/thrown.ts';
import { programFile } from '../../programFiles.ts';
import { sandboxEnvironment } from './environment.ts';
import type { MakeFifos } from './fifo.ts';
import { InitChannel } from './initChannel.ts';
import { interpreterPrefixes } from './interpreter.ts';
import { Janitor } from './janitor.ts';
import { descendants } from './processTree.ts';
import {
  refuseImage,
  type Sandbox,
  SandboxDeadError,
  type SandboxDriver,
  type SandboxedProcess,
  type SandboxOptions,
  type SandboxProcess,
  SandboxStartError,
} from './sandbox.ts';

const initPath = programFile('server/worker/sandbox/init.sh');
/** Marks every process of a sandbox, so that those which run away from their parents are found again. */
const marker = 'AIRA_SANDBOX_FOLDER';
const startDeadlineMs = 30_000;
const killDeadlineMs = 5_000;
const writable = ['workspace', 'out', 'tmp', 'root'] as const;

export class NoneDriver implements SandboxDriver {
  readonly name = 'none';
  readonly notEnforced: readonly string[] = [
    'isolation (programs run as you, and can read, change and delete whatever you can)',
    'network',
    'memory limit',
    'number of processes',
    'disk limit',
    'read-only data',
    'number of CPUs (a program can leave the CPUs that it is given)',
    'the assigned GPU (a program can use any)',
  ];
  readonly #janitor: Janitor;

  constructor() {
    Janitor.sweep(null);
    this.#janitor = new Janitor(null);
  }

  async start(options: SandboxOptions): Promise<Sandbox> {
    refuseImage(this.name, options);
    for (const { source, target } of options.mounts) {
      if (existsSync(source)) continue;
      throw new SandboxStartError('none', `${source}, to be shown at ${target}, does not exist`, 'Prepare it again.');
    }
    interpreterPrefixes(options.venv);
    const folder = this.#janitor.makeFolder(null);
    for (const name of [...writable, 'ctl']) mkdirSync(join(folder, name));
    const path = pathsOf(options, folder);
    const command = ['bash', initPath, join(folder, 'ctl'), path('/workspace'), '0'];
    const words = options.cpuList.length > 0 ? ['taskset', '-c', options.cpuList.join(','), ...command] : command;
    const [file = 'bash', ...rest] = words;
    const child = spawn(file, rest, {
      stdio: ['pipe', 'pipe', 'ignore'],
      // A process group of its own, which the first process can end as a whole.
      detached: true,
      cwd: path('/workspace'),
      env: environmentOf(options, folder, path),
    });
    const makeFifos: MakeFifos = (id) => this.#janitor.fifos.take(join(folder, 'ctl'), id, null);
    const sandbox = new NoneSandbox(child, options.id, folder, makeFifos, path, this.notEnforced);
    await sandbox.ready();
    return sandbox;
  }
}

/** Translates paths of the contract into those of the host: the longest name that fits wins. */
function pathsOf(options: SandboxOptions, folder: string): (inside: string) => string {
  const known = [
    ...writable.map((name) => ({ target: `/${name}`, source: join(folder, name) })),
    { target: '/opt/venv', source: options.venv },
    ...options.mounts,
  ].sort((a, b) => b.target.length - a.target.length);
  return (inside) => {
    const found = known.find(({ target }) => inside === target || inside.startsWith(`${target}/`));
    return found === undefined ? inside : found.source + inside.slice(found.target.length);
  };
}

function environmentOf(options: SandboxOptions, folder: string, path: (inside: string) => string) {
  const translated = Object.entries(sandboxEnvironment(options)).map(([name, value]) => [
    name,
    name === 'PATH' ? value.split(':').map(path).join(':') : path(value),
  ]);
  return { ...Object.fromEntries(translated), [marker]: folder };
}

class NoneSandbox implements Sandbox {
  readonly id: string;
  readonly notEnforced: readonly string[];
  readonly ownsProcessIds = false;
  readonly exited: Promise<void>;
  dead = false;
  readonly path: (inside: string) => string;
  readonly #child: ChildProcess;
  readonly #channel: InitChannel;
  readonly #folder: string;

  constructor(
    child: ChildProcess,
    id: string,
    folder: string,
    makeFifos: MakeFifos,
    path: (inside: string) => string,
    notEnforced: readonly string[],
  ) {
    this.id = id;
    this.notEnforced = notEnforced;
    this.path = path;
    this.#child = child;
    this.#folder = folder;
    this.#channel = new InitChannel(
      { stdin: child.stdin as Writable, stdout: child.stdout as Readable },
      id,
      makeFifos,
    );
    const end = Promise.withResolvers<void>();
    this.exited = end.promise;
    const over = () => {
      if (this.dead) return;
      this.dead = true;
      this.#channel.close();
      this.#killLeft()
        .then(() => rm(folder, { recursive: true, force: true }))
        .then(end.resolve, () => end.resolve());
    };
    child.once('exit', over);
    child.once('error', over);
  }

  async ready(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      const fail = (why: string) => reject(new SandboxStartError('none', why, 'bash is needed.'));
      this.exited.then(() => fail('its first process ended at once'));
      setTimeout(() => fail('it was not ready in 30 s'), startDeadlineMs).unref();
    });
    try {
      await Promise.race([this.#channel.ready, failed]);
    } catch (error) {
      await this.kill();
      throw error;
    }
    failed.catch(() => undefined);
  }

  async spawn(command: readonly string[], options: { directory?: string } = {}): Promise<SandboxProcess> {
    if (this.dead) throw new SandboxDeadError(this.id, `cannot start ${command[0]}`);
    return this.#channel.spawn(command, options.directory ?? this.path('/workspace'));
  }

  async processes(): Promise<SandboxedProcess[]> {
    const roots = new Set(this.#marked());
    if (this.#child.pid !== undefined && !this.dead) roots.add(this.#child.pid);
    const found = new Map<number, SandboxedProcess>();
    for (const root of roots) for (const each of descendants(root)) found.set(each.hostPid, each);
    return [...found.values()];
  }

  signal(target: Pick<SandboxedProcess, 'hostPid'>, signal: NodeJS.Signals): void {
    try {
      process.kill(target.hostPid, signal);
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) throw error;
    }
  }

  peakMemoryMb(): null {
    return null;
  }

  outOfMemoryKills(): number {
    return 0;
  }

  async kill(): Promise<void> {
    if (!this.dead) this.#child.kill('SIGKILL');
    await this.exited;
  }

  async #killLeft(): Promise<void> {
    const until = performance.now() + killDeadlineMs;
    while (performance.now() < until) {
      const left = await this.processes();
      if (left.length === 0) return;
      for (const each of left) this.signal(each, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Processes that carry our mark in their environment. */
  #marked(): number[] {
    const mark = `${marker}=${this.#folder}\0`;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
        } catch {
          return false; // Another user's, or gone.
        }
      });
  }
}
