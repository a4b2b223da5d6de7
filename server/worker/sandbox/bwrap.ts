/**
 * The bubblewrap driver. Unprivileged always: when the worker is root, an unprivileged number of the slot's own stands
 * behind the sandbox, because root inside it would be root of the machine otherwise.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { type BwrapPlan, bwrapArguments, launchCommand } from './bwrapArguments.ts';
import { type Cgroup, type CgroupParents, cgroupParentsHere } from './cgroup.ts';
import { gpuDeviceNodes } from './gpuDevices.ts';
import { etcFiles, hostEtc, systemFolders } from './hostUserland.ts';
import { InitChannel } from './initChannel.ts';
import { Janitor } from './janitor.ts';
import { type MemoryAccount, memoryAccountOfProcess } from './memoryAccount.ts';
import { descendants } from './processTree.ts';
import { reachableBy } from './reachability.ts';
import {
  type Sandbox,
  SandboxDeadError,
  type SandboxDriver,
  type SandboxedProcess,
  type SandboxOptions,
  type SandboxProcess,
  SandboxStartError,
} from './sandbox.ts';
import { shownFolders } from './shownFolders.ts';
import { systemdScope } from './systemdScope.ts';

const run = promisify(execFile);
const initScript = readFileSync(new URL('./init.sh', import.meta.url), 'utf8');
const infoFd = 3;
const startDeadlineMs = 30_000;
/** Numbers of nobody: outside what distributions give to people, services and containers. */
const firstSlotUid = 64_000;

export interface BwrapDriverOptions {
  /** Where the program is, if not on the PATH. */
  bwrap?: string;
  /** Where control groups can be made; undefined: look. */
  cgroups?: CgroupParents | null;
}

/** @throws {SandboxStartError} if bubblewrap is missing or too old */
export async function createBwrapDriver(options: BwrapDriverOptions = {}): Promise<BwrapDriver> {
  const bwrap = options.bwrap ?? 'bwrap';
  const install = 'Install bubblewrap 0.8 or later (Debian, Ubuntu: `apt-get install bubblewrap`).';
  let version: string;
  try {
    version = (await run(bwrap, ['--version'], { timeout: 20_000 })).stdout.trim();
  } catch {
    throw new SandboxStartError('bwrap', `the program ${bwrap} is not there`, install);
  }
  const [major = 0, minor = 0] = version.replace(/^\D+/, '').split('.').map(Number);
  if (major === 0 && minor < 8) throw new SandboxStartError('bwrap', `${version} is too old`, install);
  const root = process.getuid?.() === 0;
  const cgroups = options.cgroups === undefined ? cgroupParentsHere() : options.cgroups;
  const scope = cgroups === null && !root ? await systemdScope() : null;
  return new BwrapDriver(bwrap, cgroups, scope);
}

type Scope = Awaited<ReturnType<typeof systemdScope>>;

export class BwrapDriver implements SandboxDriver {
  readonly name = 'bwrap';
  readonly notEnforced: readonly string[];
  readonly #bwrap: string;
  readonly #scope: Scope;
  readonly #janitor: Janitor;

  constructor(bwrap: string, cgroups: CgroupParents | null, scope: Scope) {
    this.#bwrap = bwrap;
    this.#scope = scope;
    const missing: string[] = [];
    if (scope === null && cgroups?.folders.memory === undefined) {
      missing.push('memory limit (no control group can be made here)');
    }
    if (scope === null && cgroups?.folders.cpu === undefined) {
      missing.push('number of CPUs (a program can leave the CPUs that it is given)');
    }
    this.notEnforced = missing;
    Janitor.sweep(cgroups);
    this.#janitor = new Janitor(cgroups);
  }

  async start(options: SandboxOptions): Promise<Sandbox> {
    const uid = process.getuid?.() === 0 ? firstSlotUid + options.slot : null;
    let folder: string | null = null;
    let group: Cgroup | null = null;
    try {
      folder = this.#janitor.makeFolder(uid);
      group = this.#janitor.makeCgroup(options.limits);
      const { plan, staged, stagingFolder } = makePlan(options, folder, uid);
      const command = launchCommand({
        bwrap: this.#bwrap,
        arguments: bwrapArguments(plan),
        joinFiles: group?.joinFiles ?? [],
        uid,
        staged,
        stagingFolder,
        cpuList: options.cpuList,
        prefix: this.#scope?.words(options.limits) ?? [],
      });
      const child = spawn(command.file, command.arguments, {
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
        cwd: '/',
        env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...this.#scope?.environment },
      });
      return await BwrapSandbox.begin(child, options.id, folder, uid, group, this.#scope !== null, this.notEnforced);
    } catch (error) {
      await group?.remove();
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      if (error instanceof SandboxStartError) throw error;
      const problem = error instanceof Error ? error.message : String(error);
      throw new SandboxStartError('bwrap', problem, 'See `aira2 doctor`.');
    }
  }
}

/** Lays out the host folder of a sandbox and decides what is shown in it, and from where. */
function makePlan(options: SandboxOptions, folder: string, uid: number | null) {
  const control = join(folder, 'ctl');
  const etc = join(folder, 'etc');
  const stagingFolder = join(folder, 'm');
  for (const path of [control, etc, stagingFolder]) mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(control, 'init.sh'), initScript, { mode: 0o644 });
  for (const [name, text] of Object.entries(etcFiles())) writeFileSync(join(etc, name), text, { mode: 0o644 });
  const staged: { source: string; at: string }[] = [];
  const readOnly = shownFolders('bwrap', options).map(({ source, target }) => {
    if (uid === null || reachableBy(uid, source)) return { source, target };
    if (!lstatSync(source).isDirectory()) {
      const fix = `Make it and the folders above it readable for everybody, or put it into a folder.`;
      throw new SandboxStartError('bwrap', `user ${uid} cannot read ${source}`, fix);
    }
    const at = join(stagingFolder, String(staged.length));
    staged.push({ source, at });
    return { source: at, target };
  });
  const plan: BwrapPlan = {
    options,
    control,
    etc,
    readOnly,
    systemFolders: systemFolders(),
    hostEtc: hostEtc(),
    deviceNodes: options.gpuUuid === null ? [] : gpuDeviceNodes(options.gpuUuid),
    infoFd,
  };
  return { plan, staged, stagingFolder };
}

/** What a failed start most likely means, from what bubblewrap said. */
function explain(said: string): string {
  if (/setting up uid map|uid_map|No permissions to create a? ?new namespace|creating new namespace/i.test(said)) {
    return (
      'This kernel denies user namespaces. Ubuntu 24.04: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; ' +
      'Debian: `sysctl kernel.unprivileged_userns_clone=1`; also check `sysctl user.max_user_namespaces`.'
    );
  }
  return 'Run `aira2 doctor` for what works on this machine.';
}

class BwrapSandbox implements Sandbox {
  readonly id: string;
  readonly notEnforced: readonly string[];
  readonly ownsProcessIds = true;
  readonly exited: Promise<void>;
  dead = false;
  readonly #child: ChildProcess;
  readonly #channel: InitChannel;
  readonly #memory: MemoryAccount | null;
  readonly #initPid: () => number | null;
  #cleaned: Promise<void> | null = null;
  readonly #clean: () => Promise<void>;

  private constructor(
    child: ChildProcess,
    id: string,
    channel: InitChannel,
    memory: MemoryAccount | null,
    notEnforced: readonly string[],
    initPid: () => number | null,
    clean: () => Promise<void>,
  ) {
    this.id = id;
    this.notEnforced = notEnforced;
    this.#child = child;
    this.#channel = channel;
    this.#memory = memory;
    this.#initPid = initPid;
    this.#clean = clean;
    this.exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.dead = true;
        channel.close();
        this.#cleaned ??= this.#clean();
        this.#cleaned.then(resolve, () => resolve());
      });
    });
  }

  static async begin(
    child: ChildProcess,
    id: string,
    folder: string,
    uid: number | null,
    group: Cgroup | null,
    inScope: boolean,
    notEnforced: readonly string[],
  ): Promise<BwrapSandbox> {
    const said = collect(child.stderr);
    const info = collect(child.stdio[infoFd] as Readable | null);
    const channel = new InitChannel(
      { stdin: child.stdin as Writable, stdout: child.stdout as Readable },
      id,
      join(folder, 'ctl'),
      uid,
    );
    const failed = new Promise<never>((_, reject) => {
      const fail = (why: string) => reject(new SandboxStartError('bwrap', why, explain(why)));
      child.once('error', (error) => fail(error.message));
      child.once('close', (code) => fail(said().trim() || `it ended with status ${code}`));
      setTimeout(() => fail('it was not ready in 30 s'), startDeadlineMs).unref();
    });
    try {
      await Promise.race([channel.ready, failed]);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    failed.catch(() => undefined); // Past the start, its end is `exited`.
    const initPid = () => {
      const found = /"child-pid":\s*(\d+)/.exec(info())?.[1];
      return found === undefined ? null : Number(found);
    };
    const clean = async () => {
      await group?.remove();
      await rm(folder, { recursive: true, force: true });
    };
    const memory = inScope && child.pid !== undefined ? memoryAccountOfProcess(child.pid) : (group?.memory ?? null);
    return new BwrapSandbox(child, id, channel, memory, notEnforced, initPid, clean);
  }

  async spawn(command: readonly string[], options: { directory?: string } = {}): Promise<SandboxProcess> {
    if (this.dead) throw new SandboxDeadError(this.id, `cannot start ${command[0]}`);
    return this.#channel.spawn(command, options.directory ?? '/workspace');
  }

  path(inside: string): string {
    return inside;
  }

  async processes(): Promise<SandboxedProcess[]> {
    const init = this.#initPid();
    return init === null || this.dead ? [] : descendants(init);
  }

  signal(target: Pick<SandboxedProcess, 'hostPid'>, signal: NodeJS.Signals): void {
    if (this.dead) return;
    try {
      process.kill(target.hostPid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  peakMemoryMb(): number | null {
    const bytes = this.#memory?.peakBytes() ?? null;
    return bytes === null ? null : bytes / 1024 / 1024;
  }

  outOfMemoryKills(): number {
    return this.#memory?.kills() ?? 0;
  }

  async kill(): Promise<void> {
    // The first process is the one whose end ends all others; bubblewrap only waits for it.
    const init = this.#initPid();
    if (!this.dead && init !== null) this.signal({ hostPid: init }, 'SIGKILL');
    if (!this.dead) this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** Reads a stream that says little, and keeps its first 8 KiB. */
function collect(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (piece: string) => {
    text = (text + piece).slice(0, 8192);
  });
  return () => text;
}
