/**
 * The bubblewrap driver. Unprivileged always: when the worker is root, an unprivileged number of the slot's own stands
 * behind the sandbox, because root inside it would be root of the machine otherwise.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { messageOf } from '../../../protocol/thrown.ts';
import { programFile } from '../../programFiles.ts';
import { type BwrapPlan, bwrapArguments } from './bwrapArguments.ts';
import { type Cgroup, type CgroupParents, cgroupParentsHere } from './cgroup.ts';
import { ChildSandbox } from './childSandbox.ts';
import { collect } from './collect.ts';
import { gpuDeviceNodes } from './gpuDevices.ts';
import { etcFiles, hostEtc, systemFolders } from './hostUserland.ts';
import { Janitor } from './janitor.ts';
import { launchCommand, stage } from './launch.ts';
import { memoryAccountOfProcess } from './memoryAccount.ts';
import { refuseImage, type Sandbox, type SandboxDriver, type SandboxOptions, SandboxStartError } from './sandbox.ts';
import { shownFolders } from './shownFolders.ts';
import { type SystemdScope, systemdScope } from './systemdScope.ts';

const run = promisify(execFile);
const initScript = readFileSync(programFile('server/worker/sandbox/init.sh'), 'utf8');
const infoFd = 3;
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

export class BwrapDriver implements SandboxDriver {
  readonly name = 'bwrap';
  readonly notEnforced: readonly string[];
  readonly #bwrap: string;
  readonly #scope: SystemdScope | null;
  readonly #janitor: Janitor;

  constructor(bwrap: string, cgroups: CgroupParents | null, scope: SystemdScope | null) {
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
    refuseImage(this.name, options);
    const uid = process.getuid?.() === 0 ? firstSlotUid + options.slot : null;
    let folder: string | null = null;
    let group: Cgroup | null = null;
    try {
      folder = this.#janitor.makeFolder(uid);
      group = this.#janitor.makeCgroup(options.limits);
      const { plan, mountTable } = makePlan(options, folder, uid);
      const command = launchCommand({
        program: this.#bwrap,
        arguments: bwrapArguments(plan),
        joinFiles: group?.joinFiles ?? [],
        uid,
        mountTable,
        cpuList: options.cpuList,
        prefix: this.#scope?.words(options.limits) ?? [],
      });
      const child = spawn(command.file, command.arguments, {
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
        cwd: '/',
        env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...this.#scope?.environment },
      });
      const info = collect(child.stdio[infoFd] as Readable | null);
      const held = { group, folder };
      return await ChildSandbox.begin(child, {
        ...{ driver: this.name, id: options.id, notEnforced: this.notEnforced, explain },
        makeFifos: (id) => this.#janitor.fifos.take(plan.control, id, uid),
        initPid: () => {
          const found = /"child-pid":\s*(\d+)/.exec(info())?.[1];
          return found === undefined ? null : Number(found);
        },
        memory: () => {
          const inScope = this.#scope !== null && child.pid !== undefined;
          return inScope ? memoryAccountOfProcess(child.pid ?? 0) : (held.group?.memory ?? null);
        },
        clean: async () => {
          await held.group?.remove();
          rmSync(held.folder, { recursive: true, force: true });
        },
      });
    } catch (error) {
      await group?.remove();
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
      if (error instanceof SandboxStartError) throw error;
      const problem = messageOf(error);
      throw new SandboxStartError('bwrap', problem, 'See `aira2 doctor`.', { cause: error });
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
  const { mounts: readOnly, mountTable } = stage('bwrap', shownFolders('bwrap', options), uid, stagingFolder);
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
  return { plan, mountTable };
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
