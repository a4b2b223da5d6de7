/**
 * The Apptainer driver, for clusters: no daemon, no root. Always its unprivileged mode; a worker that is root becomes
 * nobody first, because root in a container of Apptainer is root of the machine.
 */
import { execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode, messageOf } from '../../../protocol/thrown.ts';
import { type ApptainerPlan, apptainerCommand } from './apptainerArguments.ts';
import { type Cgroup, type CgroupParents, cgroupParentsHere } from './cgroup.ts';
import { ChildSandbox } from './childSandbox.ts';
import { layOut, makeBareRoot } from './containerFolder.ts';
import { gpuDeviceNodes } from './gpuDevices.ts';
import { writableFolders } from './hostUserland.ts';
import { Janitor } from './janitor.ts';
import { launchCommand, stage } from './launch.ts';
import { memoryAccountOfProcess } from './memoryAccount.ts';
import { descendants } from './processTree.ts';
import {
  type Sandbox,
  SandboxAbsentError,
  type SandboxDriver,
  type SandboxOptions,
  SandboxStartError,
} from './sandbox.ts';
import { type SystemdScope, systemdScope } from './systemdScope.ts';

const run = promisify(execFile);
const install = 'Install Apptainer 1.2 or later (apptainer.org), or load its module.';
/** The user `nobody`: Apptainer wants one that has an entry in /etc/passwd. */
const nobody = 65_534;

/** @throws {SandboxAbsentError, SandboxStartError} if Apptainer is missing or too old */
export async function createApptainerDriver(program = 'apptainer'): Promise<ApptainerDriver> {
  let said: string;
  try {
    said = (await run(program, ['--version'], { timeout: 20_000 })).stdout.trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      throw new SandboxAbsentError('apptainer', 'Apptainer is not installed', install);
    }
    const problem = error instanceof Error ? error.message.trim() : String(error);
    throw new SandboxStartError('apptainer', problem, install);
  }
  const [major = 0, minor = 0] = said.replace(/^\D+/, '').split('.').map(Number);
  if (!said.startsWith('apptainer') || major < 1 || (major === 1 && minor < 2)) {
    throw new SandboxStartError('apptainer', `${said} is too old`, install);
  }
  const cgroups = cgroupParentsHere();
  const scope = cgroups === null && process.getuid?.() !== 0 ? await systemdScope() : null;
  // A name of a GPU on the command line is understood from 1.5 on.
  return new ApptainerDriver(program, cgroups, scope, major > 1 || minor >= 5);
}

export class ApptainerDriver implements SandboxDriver {
  readonly name = 'apptainer';
  readonly notEnforced: readonly string[];
  readonly #program: string;
  readonly #scope: SystemdScope | null;
  readonly #knowsDevices: boolean;
  readonly #janitor: Janitor;

  constructor(program: string, cgroups: CgroupParents | null, scope: SystemdScope | null, knowsDevices: boolean) {
    this.#program = program;
    this.#scope = scope;
    this.#knowsDevices = knowsDevices;
    const missing: string[] = [];
    // Not Apptainer's own limits: it drops them without a word in some modes.
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
    this.#refuseWhatCannotBe(options);
    const uid = process.getuid?.() === 0 ? nobody : null;
    let folder: string | null = null;
    let group: Cgroup | null = null;
    try {
      folder = this.#janitor.makeFolder(uid);
      group = this.#janitor.makeCgroup(options.limits);
      const { plan, control, mountTable } = this.#plan(options, folder, uid);
      const command = launchCommand({
        ...apptainerCommand(plan),
        ...{ joinFiles: group?.joinFiles ?? [], uid, mountTable, cpuList: options.cpuList },
        prefix: this.#scope?.words(options.limits) ?? [],
      });
      const child = spawn(command.file, command.arguments, {
        stdio: ['pipe', 'pipe', 'pipe'],
        cwd: '/',
        env: {
          PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
          APPTAINER_CONFIGDIR: join(folder, 'config'),
          ...this.#scope?.environment,
        },
      });
      const held = { group, folder };
      return await ChildSandbox.begin(child, {
        ...{ driver: this.name, id: options.id, notEnforced: this.notEnforced, explain },
        makeFifos: (id) => this.#janitor.fifos.take(control, id, uid),
        // The only one of them that is number 1 in a namespace of its own.
        initPid: () => descendants(child.pid ?? 0).find(({ pid }) => pid === 1)?.hostPid ?? null,
        memory: () => {
          const inScope = this.#scope !== null && child.pid !== undefined;
          return inScope ? memoryAccountOfProcess(child.pid ?? 0) : (held.group?.memory ?? null);
        },
        clean: async () => {
          await held.group?.remove();
          await rm(held.folder, { recursive: true, force: true });
        },
      });
    } catch (error) {
      await group?.remove();
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      if (error instanceof SandboxStartError) throw error;
      const problem = messageOf(error);
      throw new SandboxStartError('apptainer', problem, 'See `aira2 doctor`.', { cause: error });
    }
  }

  #refuseWhatCannotBe({ image, gpuUuid }: SandboxOptions): void {
    if (image === undefined) return;
    if (!image.startsWith('/') || !existsSync(image)) {
      const fix = 'Build it first: `apptainer build image.sif docker://...`, and name it by its absolute path.';
      throw new SandboxStartError('apptainer', `there is no image file ${image}`, fix);
    }
    if (gpuUuid !== null && !this.#knowsDevices) {
      const fix = 'Use Apptainer 1.5 or later with the NVIDIA container toolkit, or no image.';
      throw new SandboxStartError('apptainer', 'this version shows an image either all GPUs or none', fix);
    }
  }

  #plan(options: SandboxOptions, folder: string, uid: number | null) {
    const stagingFolder = join(folder, 'm');
    mkdirSync(stagingFolder, { mode: 0o755 });
    const { control, readOnly } = layOut(this.name, options, folder, {
      uid: uid ?? process.getuid?.() ?? nobody,
      gid: uid ?? process.getgid?.() ?? nobody,
    });
    const bare = join(folder, 'root');
    if (options.image === undefined) makeBareRoot(bare, options, readOnly);
    const own = (name: string) => {
      const path = join(folder, name);
      mkdirSync(path, { recursive: true, mode: 0o755 });
      if (uid !== null) chownSync(path, uid, uid);
      return path;
    };
    own('config');
    own('w');
    const writable = writableFolders(options.limits).map(({ path, megabytes }) => ({
      source: own(join('w', path.replaceAll('/', '_'))),
      target: path,
      megabytes,
    }));
    const { mounts, mountTable } = stage(this.name, readOnly, uid, stagingFolder);
    const { image, gpuUuid } = options;
    const plan: ApptainerPlan = {
      ...{ options, writable, readOnly: mounts, root: image ?? bare, program: this.#program },
      deviceNodes: gpuUuid === null || image !== undefined ? [] : gpuDeviceNodes(gpuUuid),
    };
    return { plan, control, mountTable };
  }
}

/** What a failed start most likely means, from what Apptainer said. */
function explain(said: string): string {
  if (/unshare|max_user_namespaces|user namespace|userns/i.test(said)) {
    return 'Apptainer works without root only where this kernel lets users make namespaces: `sysctl user.max_user_namespaces`.';
  }
  if (/network/i.test(said)) return 'Apptainer must be allowed to make networks of the type `none` (apptainer.conf).';
  if (/no such file|not found/i.test(said)) return 'An image must have bash, env, tar and python.';
  return 'Run `aira2 doctor` for what works on this machine.';
}
