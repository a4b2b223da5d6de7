/** The command lines of podman and docker: pure functions of what the sandbox is to show. */
import type { Mount } from '../../../protocol/worker.ts';
import { containerLabel } from './containerEngine.ts';
import type { ProgramUser } from './containerFolder.ts';
import { sandboxEnvironment } from './environment.ts';
import { writableFolders } from './hostUserland.ts';
import type { SandboxOptions } from './sandbox.ts';

export interface ContainerPlan {
  options: SandboxOptions;
  /** Of the container. Tells whose it is, and nothing of what is in it. */
  name: string;
  readOnly: readonly Mount[];
  user: ProgramUser;
  /** Controllers that the engine can limit with here; flags of others would be errors, or ignored in silence. */
  controllers: ReadonlySet<'memory' | 'pids' | 'cpu' | 'cpuset'>;
  /** Device nodes of the assigned GPU, for a sandbox that shows the host's own libraries. */
  deviceNodes: readonly string[];
}

export interface PodmanPlan extends ContainerPlan {
  /** Folder to be the root file system; null: the image of the options. */
  root: string | null;
  /** Words that choose the user namespace. */
  userNamespace: readonly string[];
  /** Profile of system calls; null: podman's own. */
  seccomp: string | null;
  /** Open files a process may have. */
  openFiles: number;
  /** File into which podman writes the number of the first process. */
  pidFile: string;
}

export interface DockerPlan extends ContainerPlan {
  /** Image to start from: that of the options, or the bare one. */
  image: string;
  /** True if the daemon maps container users to others unless told not to. */
  remapsUsers: boolean;
}

/** Opens the three pipes of the first process, and becomes what follows. */
const openPipes = 'exec <"$1/0.in" >"$1/0.out" 2>"$1/0.err"; shift; exec "$@"';

/** Init, with the environment of the sandbox and (without an image) no other. `processes`: most of them; 0: no limit. */
export function sandboxCommand(options: SandboxOptions, processes: number): string[] {
  const environment = Object.entries(containerEnvironment(options)).map(([name, value]) => `${name}=${value}`);
  const [env, bash] = programs(options);
  const clean = options.image === undefined ? ['-i'] : [];
  return [env, ...clean, ...environment, bash, '/ctl/init.sh', '/ctl', '/workspace', String(processes)];
}

/** The same, on pipes of the control folder. */
function onPipes(options: SandboxOptions): string[] {
  const [, bash] = programs(options);
  return [bash, '-c', openPipes, 'init', '/ctl', ...sandboxCommand(options, 0)];
}

/** Without an image there is no PATH to find them on. */
function programs({ image }: SandboxOptions): [env: string, bash: string] {
  return image === undefined ? ['/usr/bin/env', '/usr/bin/bash'] : ['env', 'bash'];
}

/** An image brings its own PATH and Python. */
function containerEnvironment(options: SandboxOptions): Record<string, string> {
  const environment: Record<string, string> = { ...sandboxEnvironment(options), PWD: '/workspace' };
  if (options.image === undefined) return environment;
  for (const name of ['PATH', 'VIRTUAL_ENV']) delete environment[name];
  return { ...environment, ...options.environment };
}

/** A value in the comma-separated lists that `--mount` takes. */
function csv(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function shared(plan: ContainerPlan): string[] {
  const { options, controllers } = plan;
  const { limits, cpuList } = options;
  const folders = writableFolders(limits);
  return [
    ...['run', '--detach', '--rm', `--name=${plan.name}`, `--label=${containerLabel}=${options.slot}`, '--pull=never'],
    ...['--network=none', '--hostname=sbx', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'],
    // A host with SELinux would forbid a container its mounts; relabelling other people's data is no way out.
    ...['--security-opt=label=disable', '--log-driver=none', '--stop-timeout=0', '--workdir=/workspace'],
    `--user=${plan.user.uid}:${plan.user.gid}`,
    ...(controllers.has('memory') ? [`--memory=${limits.memoryMb}m`, `--memory-swap=${limits.memoryMb}m`] : []),
    ...(controllers.has('pids') ? [`--pids-limit=${limits.pids}`] : []),
    ...(controllers.has('cpu') ? [`--cpus=${limits.cpus}`] : []),
    ...(controllers.has('cpuset') && cpuList.length > 0 ? [`--cpuset-cpus=${cpuList.join(',')}`] : []),
    ...folders.flatMap(({ path, megabytes }) => (path === '/dev/shm' ? [`--shm-size=${megabytes}m`] : [])),
    ...plan.readOnly.map(
      ({ source, target }) => `--mount=type=bind,${csv(`source=${source}`)},${csv(`target=${target}`)},readonly`,
    ),
    ...plan.deviceNodes.map((node) => `--device=${node}`),
  ];
}

/** An image may have these folders, closed to all but root: `more` makes the user of the sandbox their owner. */
function memoryFolders(options: SandboxOptions, more: string): string[] {
  const folders = writableFolders(options.limits).filter(({ path }) => path !== '/dev/shm');
  return folders.map(
    ({ path, megabytes }) => `--tmpfs=${path}:rw,exec,nosuid,nodev,size=${megabytes}m,mode=1777${more}`,
  );
}

/** Flags: podman-run(1), version 4.3 or later. */
export function podmanArguments(plan: PodmanPlan): string[] {
  const { options } = plan;
  const { image, gpuUuid, limits } = options;
  return [
    ...shared(plan),
    ...plan.userNamespace,
    // A host's /etc/hosts tells names of its network; the folders of an image are not to be copied into memory.
    ...['--no-hosts', '--read-only-tmpfs=false', ...memoryFolders(options, ',U,notmpcopyup'), '--image-volume=ignore'],
    // Version 1 control groups come with a writable memory file system without a size.
    '--security-opt=mask=/sys/fs/cgroup',
    ...(plan.seccomp === null ? [] : [`--security-opt=seccomp=${plan.seccomp}`]),
    // podman's defaults are above what a worker without CAP_SYS_RESOURCE may give.
    ...[`--ulimit=nofile=${plan.openFiles}:${plan.openFiles}`, `--ulimit=nproc=${limits.pids}:${limits.pids}`],
    `--pidfile=${plan.pidFile}`,
    ...(image !== undefined && gpuUuid !== null ? [`--device=nvidia.com/gpu=${gpuUuid}`] : []),
    ...(image === undefined ? ['--unsetenv-all'] : ['--entrypoint=']),
    ...(plan.root === null ? [image ?? ''] : ['--rootfs', plan.root]),
    ...onPipes(options),
  ];
}

/** Flags: docker-run(1), version 20.10 or later. */
export function dockerArguments(plan: DockerPlan): string[] {
  const { options } = plan;
  return [
    ...shared(plan),
    ...memoryFolders(options, `,uid=${plan.user.uid},gid=${plan.user.gid}`),
    ...(plan.remapsUsers ? ['--userns=host'] : []),
    ...(options.image !== undefined && options.gpuUuid !== null ? [`--gpus=device=${options.gpuUuid}`] : []),
    '--entrypoint=',
    plan.image,
    ...onPipes(options),
  ];
}
