/**
 * The podman driver: containers of the host's own userland, or of an image. With root as worker, a user namespace of
 * numbers that belong to nobody stands behind each slot; without, podman's rootless mode.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { type PodmanPlan, podmanArguments } from './containerArguments.ts';
import { ContainerEngine, EngineCommandError } from './containerEngine.ts';
import { makeBareRoot, type ProgramUser } from './containerFolder.ts';
import { startContainer } from './containerStart.ts';
import { gpuDeviceNodes } from './gpuDevices.ts';
import { Janitor } from './janitor.ts';
import {
  type Sandbox,
  SandboxAbsentError,
  type SandboxDriver,
  type SandboxOptions,
  SandboxStartError,
} from './sandbox.ts';
import { withoutNamespaces } from './seccompProfile.ts';

const install = 'Install podman 4.3 or later with runc or crun (Debian, Ubuntu: `apt-get install podman runc uidmap`).';
/** Numbers of nobody: above what distributions give to people, and to containers of people. */
const firstSlotId = 0x7000_0000;
const idsOfSlot = 65_536;
/** Programs are no root even inside: what the engine makes there for itself is not theirs to change. */
const insideUser = 1000;
const wantedOpenFiles = 65_536;

const Info = z.object({
  host: z.object({
    cgroupVersion: z.string(),
    cgroupControllers: z.array(z.string()).nullish(),
    serviceIsRemote: z.boolean().optional(),
    idMappings: z.object({ uidmap: z.array(z.unknown()).nullish() }).nullish(),
    security: z.object({
      rootless: z.boolean(),
      seccompEnabled: z.boolean().optional(),
      seccompProfilePath: z.string().optional(),
    }),
  }),
  version: z.object({ Version: z.string() }),
});

/** What podman can do for this user here. */
interface PodmanHere {
  rootless: boolean;
  controllers: PodmanPlan['controllers'];
  /** True if this user has numbers beside its own (/etc/subuid). */
  hasSubordinateIds: boolean;
  /** Text of the profile of system calls; null: there is none. */
  seccomp: string | null;
}

/** @throws {SandboxAbsentError, SandboxStartError} if podman is missing, too old, or does not work here */
export async function createPodmanDriver(program = 'podman'): Promise<PodmanDriver> {
  const engine = new ContainerEngine('podman', program);
  let here: PodmanHere;
  try {
    here = whatIsHere(await engine.command(['info', '--format', 'json'], 30_000));
  } catch (error) {
    if (error instanceof EngineCommandError && error.code === 'ENOENT') {
      throw new SandboxAbsentError('podman', 'podman is not installed', install);
    }
    if (error instanceof SandboxStartError) throw error;
    const problem = error instanceof EngineCommandError ? error.said : String(error);
    throw new SandboxStartError('podman', `\`podman info\` says: ${problem}`, 'See podman(1), "Rootless mode".');
  }
  await engine.sweep();
  return new PodmanDriver(engine, here);
}

function whatIsHere(text: string): PodmanHere {
  const { host, version } = Info.parse(JSON.parse(text));
  const [major = 0, minor = 0] = version.Version.split('.').map(Number);
  if (major < 4 || (major === 4 && minor < 3)) {
    throw new SandboxStartError('podman', `podman ${version.Version} is too old`, install);
  }
  if (host.serviceIsRemote === true) {
    const fix = 'Unset CONTAINER_HOST and run the worker on the machine that has the containers.';
    throw new SandboxStartError('podman', 'podman talks to another machine', fix);
  }
  const { rootless, seccompEnabled, seccompProfilePath } = host.security;
  const has = (name: string) => host.cgroupControllers?.includes(name) === true;
  return {
    rootless,
    controllers: new Set((['memory', 'pids', 'cpu', 'cpuset'] as const).filter(has)),
    hasSubordinateIds: (host.idMappings?.uidmap?.length ?? 0) > 1,
    seccomp:
      seccompEnabled === true && seccompProfilePath !== undefined && seccompProfilePath !== ''
        ? withoutNamespaces(readFileSync(seccompProfilePath, 'utf8'))
        : null,
  };
}

export class PodmanDriver implements SandboxDriver {
  readonly name = 'podman';
  readonly notEnforced: readonly string[];
  readonly #engine: ContainerEngine;
  readonly #here: PodmanHere;
  readonly #janitor: Janitor;
  readonly #openFiles = Math.min(wantedOpenFiles, hardLimitOfOpenFiles());

  constructor(engine: ContainerEngine, here: PodmanHere) {
    this.#engine = engine;
    this.#here = here;
    const missing: string[] = [];
    if (!here.controllers.has('memory')) missing.push('memory limit (podman can make no control group here)');
    if (!here.controllers.has('cpu')) missing.push('number of CPUs (a program can leave the CPUs that it is given)');
    if (here.seccomp === null) missing.push("namespaces of a program's own (podman has no seccomp here)");
    this.notEnforced = missing;
    Janitor.sweep(null);
    this.#janitor = new Janitor(null, engine);
  }

  async start(options: SandboxOptions): Promise<Sandbox> {
    const { controllers, seccomp } = this.#here;
    const { user, pipeOwner, userNamespace } = this.#whoRuns(options.slot);
    return startContainer(this.#engine, this.#janitor, options, { user, pipeOwner }, (folder, readOnly) => {
      const root = options.image === undefined ? join(folder, 'root') : null;
      if (root !== null) makeBareRoot(root, options, readOnly);
      const profile = join(folder, 'seccomp.json');
      if (seccomp !== null) writeFileSync(profile, seccomp);
      const pidFile = join(folder, 'pid');
      const deviceNodes =
        options.gpuUuid === null || options.image !== undefined ? [] : gpuDeviceNodes(options.gpuUuid);
      return {
        words: podmanArguments({
          ...{
            options,
            name: basename(folder),
            readOnly,
            user,
            controllers,
            deviceNodes,
            root,
            userNamespace,
            pidFile,
          },
          seccomp: seccomp === null ? null : profile,
          openFiles: this.#openFiles,
        }),
        // Without the controller, what podman starts keeps the CPUs that podman itself is given.
        cpuList: controllers.has('cpuset') ? [] : options.cpuList,
        initPid: async () => Number(await readFile(pidFile, 'utf8')),
        notEnforced: this.notEnforced,
        explain,
      };
    });
  }

  #whoRuns(slot: number): { user: ProgramUser; pipeOwner: number | null; userNamespace: string[] } {
    if (!this.#here.rootless) {
      const first = firstSlotId + slot * idsOfSlot;
      const user = { uid: insideUser, gid: insideUser };
      const userNamespace = [`--uidmap=0:${first}:${idsOfSlot}`, `--gidmap=0:${first}:${idsOfSlot}`];
      return { user, pipeOwner: first + insideUser, userNamespace };
    }
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    if (this.#here.hasSubordinateIds) return { user: own, pipeOwner: null, userNamespace: ['--userns=keep-id'] };
    // With no number but one's own, that one is root inside: of nothing but what is in the container.
    return { user: { uid: 0, gid: 0 }, pipeOwner: null, userNamespace: ['--uidmap=0:0:1', '--gidmap=0:0:1'] };
  }
}

/** What a failed start most likely means, from what podman said. */
function explain(said: string): string {
  if (/image not known|no such image|does not resolve to an image/i.test(said)) {
    return 'Get the image first: `podman pull <image>`; sandboxes never wait for a registry.';
  }
  if (/executable file.*not found/i.test(said)) return 'An image must have bash, env, tar and python.';
  if (/unknown version specified|crun/i.test(said)) {
    return 'This crun does not fit this system: install runc and write `[engine] runtime = "runc"` into containers.conf(5).';
  }
  if (/newuidmap|newgidmap|subuid|user namespace/i.test(said)) {
    return 'Rootless podman needs newuidmap (package uidmap) and user namespaces; see podman(1), "Rootless mode".';
  }
  return 'Run `aira2 doctor` for what works on this machine.';
}

/** The most files a process of this worker may have open: more cannot be given to a container. */
function hardLimitOfOpenFiles(): number {
  const found = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return found === undefined ? 1024 : Number(found);
}
