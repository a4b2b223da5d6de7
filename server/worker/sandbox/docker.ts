/**
 * The docker driver: containers of the host's own userland (on an image that holds nothing but places to mount on), or of
 * a named image. The daemon is root, so programs run under a number that is not: the slot's, or the worker's own.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import * as z from 'zod';
import { dockerArguments } from './containerArguments.ts';
import { ContainerEngine, containerLabel, EngineCommandError } from './containerEngine.ts';
import type { ProgramUser } from './containerFolder.ts';
import { startContainer } from './containerStart.ts';
import { gpuDeviceNodes } from './gpuDevices.ts';
import { type SystemFolder, systemFolders } from './hostUserland.ts';
import { Janitor } from './janitor.ts';
import {
  type Sandbox,
  SandboxAbsentError,
  type SandboxDriver,
  type SandboxOptions,
  SandboxStartError,
} from './sandbox.ts';

const install = 'Install docker 20.10 or later, start its daemon, and let this user use it (group docker).';
/** The same numbers of nobody that stand behind the slots of bubblewrap. */
const firstSlotUid = 64_000;

const Info = z.object({
  ServerVersion: z.string(),
  OperatingSystem: z.string(),
  OSType: z.string(),
  MemoryLimit: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  CpuCfsQuota: z.boolean().default(false),
  CPUSet: z.boolean().default(false),
  SecurityOptions: z.array(z.string()).nullish(),
});

/** What the daemon can do here. */
interface DockerHere {
  controllers: ReadonlySet<'memory' | 'pids' | 'cpu' | 'cpuset'>;
  /** The daemon belongs to this user: root in a container is this user. */
  rootless: boolean;
  /** The daemon gives containers users of their own unless told not to. */
  remapsUsers: boolean;
  seccomp: boolean;
}

/** @throws {SandboxAbsentError, SandboxStartError} if docker is missing, does not answer, or is of no use here */
export async function createDockerDriver(program = 'docker'): Promise<DockerDriver> {
  const engine = new ContainerEngine('docker', program);
  let text: string;
  try {
    text = await engine.command(['info', '--format', '{{json .}}'], 30_000);
  } catch (error) {
    if (!(error instanceof EngineCommandError)) throw error;
    if (error.code === 'ENOENT') throw new SandboxAbsentError('docker', 'docker is not installed', install);
    throw new SandboxStartError('docker', `no daemon answers (${lastLine(error.said)})`, install);
  }
  const here = whatIsHere(text);
  await engine.sweep();
  const image = await ensureBareImage(engine, systemFolders());
  return new DockerDriver(engine, here, image);
}

function whatIsHere(text: string): DockerHere {
  const found = Info.safeParse(JSON.parse(text));
  if (!found.success) throw new SandboxStartError('docker', 'no daemon answers', install);
  const info = found.data;
  if (info.OSType !== 'linux' || /Docker Desktop/i.test(info.OperatingSystem)) {
    const fix = 'Use a docker daemon that runs on this machine itself: folders and pipes are shared with containers.';
    throw new SandboxStartError('docker', 'containers run in a virtual machine here', fix);
  }
  const security = (info.SecurityOptions ?? []).map((option) => /^name=([^,]+)/.exec(option)?.[1] ?? option);
  const known = { memory: info.MemoryLimit, pids: info.PidsLimit, cpu: info.CpuCfsQuota, cpuset: info.CPUSet };
  return {
    controllers: new Set((['memory', 'pids', 'cpu', 'cpuset'] as const).filter((name) => known[name])),
    rootless: security.includes('rootless'),
    remapsUsers: security.includes('userns'),
    seccomp: security.includes('seccomp'),
  };
}

/** An image with the links that this host has at its root, and nothing else; made when it is not there yet. */
async function ensureBareImage(engine: ContainerEngine, folders: readonly SystemFolder[]): Promise<string> {
  const archive = pack();
  const mtime = new Date(0);
  for (const name of ['proc', 'sys', 'dev', 'etc', 'run', 'var', 'usr', 'ctl']) {
    archive.entry({ name, type: 'directory', mode: 0o755, mtime });
  }
  for (const name of ['tmp', 'root', 'workspace', 'out'])
    archive.entry({ name, type: 'directory', mode: 0o1777, mtime });
  archive.entry({ name: 'var/tmp', type: 'symlink', linkname: '/tmp', mtime });
  for (const { path, link } of folders) {
    if (link !== null) archive.entry({ name: path.slice(1), type: 'symlink', linkname: link, mtime });
  }
  archive.finalize();
  const bytes = await buffer(archive);
  const image = `aira2-bare:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
  const present = await engine.command(['images', '--quiet', image], 30_000);
  if (present.trim() === '') {
    await engine.command(['import', '--change', `LABEL ${containerLabel}=bare`, '-', image], 60_000, { input: bytes });
  }
  return image;
}

export class DockerDriver implements SandboxDriver {
  readonly name = 'docker';
  readonly notEnforced: readonly string[];
  readonly #engine: ContainerEngine;
  readonly #here: DockerHere;
  readonly #bareImage: string;
  readonly #janitor: Janitor;

  constructor(engine: ContainerEngine, here: DockerHere, bareImage: string) {
    this.#engine = engine;
    this.#here = here;
    this.#bareImage = bareImage;
    const missing: string[] = [];
    if (!here.controllers.has('memory')) missing.push('memory limit (docker cannot set one here)');
    if (!here.controllers.has('pids')) missing.push('number of processes (docker cannot set one here)');
    if (!here.controllers.has('cpu')) missing.push('number of CPUs (docker cannot set one here)');
    if (!here.seccomp) missing.push("namespaces of a program's own (docker has no seccomp here)");
    this.notEnforced = missing;
    Janitor.sweep(null);
    this.#janitor = new Janitor(null, engine);
  }

  async start(options: SandboxOptions): Promise<Sandbox> {
    const { controllers, remapsUsers } = this.#here;
    const who = this.#whoRuns(options.slot);
    return startContainer(this.#engine, this.#janitor, options, who, (folder, readOnly) => {
      const { image, gpuUuid } = options;
      const deviceNodes = gpuUuid === null || image !== undefined ? [] : gpuDeviceNodes(gpuUuid);
      return {
        words: dockerArguments({
          ...{ options, name: basename(folder), readOnly, user: who.user, controllers, deviceNodes, remapsUsers },
          image: image ?? this.#bareImage,
        }),
        cpuList: [],
        initPid: async (name) =>
          Number(await this.#engine.command(['inspect', '--format', '{{.State.Pid}}', name], 30_000)),
        notEnforced: this.notEnforced,
        explain,
      };
    });
  }

  #whoRuns(slot: number): { user: ProgramUser; pipeOwner: number | null } {
    if (this.#here.rootless) return { user: { uid: 0, gid: 0 }, pipeOwner: null };
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    if (own.uid !== 0) return { user: own, pipeOwner: null };
    const uid = firstSlotUid + slot;
    return { user: { uid, gid: uid }, pipeOwner: uid };
  }
}

/** What a failed start most likely means, from what docker said. */
function explain(said: string): string {
  if (/no such image|unable to find image/i.test(said)) {
    return 'Get the image first: `docker pull <image>`; sandboxes never wait for a registry.';
  }
  if (/executable file.*not found/i.test(said)) return 'An image must have bash, env, tar and python.';
  if (/bind source path does not exist/i.test(said)) {
    return 'The daemon does not see the folders of this machine: use one that runs on it.';
  }
  if (/could not select device driver|nvidia/i.test(said)) {
    return 'Images need the NVIDIA container toolkit for a GPU; without an image none is needed.';
  }
  return 'Run `aira2 doctor` for what works on this machine.';
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1) ?? '';
}
