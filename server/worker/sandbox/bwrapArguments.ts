/** The command line of bubblewrap: a pure function of what the sandbox is to show. Flags: bwrap(1), version 0.8 or later. */
import type { Mount } from '../../../protocol/worker.ts';
import { sandboxEnvironment } from './environment.ts';
import { etcFiles, type SystemFolder, writableFolders } from './hostUserland.ts';
import type { SandboxOptions } from './sandbox.ts';

export interface BwrapPlan {
  options: SandboxOptions;
  /** Host folder shown read-only at /ctl; holds init.sh. */
  control: string;
  /** Host folder with passwd, group, hosts, nsswitch.conf. */
  etc: string;
  /** Everything else shown read-only; parents before children. */
  readOnly: Mount[];
  systemFolders: SystemFolder[];
  hostEtc: string[];
  deviceNodes: string[];
  /** Descriptor on which bwrap tells the number of the first process. */
  infoFd: number;
}

export function bwrapArguments(plan: BwrapPlan): string[] {
  const { options } = plan;
  const has = options.gpuUuid !== null;
  return [
    ...['--unshare-user', '--uid', '0', '--gid', '0', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...['--unshare-net', '--unshare-cgroup-try', '--hostname', 'sbx', '--die-with-parent', '--new-session'],
    ...['--as-pid-1', '--disable-userns', '--cap-drop', 'ALL', '--info-fd', String(plan.infoFd)],
    ...['--ro-bind', '/usr', '/usr'],
    ...plan.systemFolders.flatMap(({ path, link }) =>
      link === null ? ['--ro-bind', path, path] : ['--symlink', link, path],
    ),
    ...plan.hostEtc.flatMap((path) => ['--ro-bind', path, path]),
    ...Object.keys(etcFiles()).flatMap((name) => ['--ro-bind', `${plan.etc}/${name}`, `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev'],
    // Device nodes need --dev-bind: --bind would leave them unusable (nodev).
    ...plan.deviceNodes.flatMap((node) => ['--dev-bind', node, node]),
    // CUDA does not initialise without /sys; thread libraries ask it for the processor's layout.
    ...(has ? ['--ro-bind', '/sys', '/sys'] : ['--ro-bind-try', '/sys/devices/system/cpu', '/sys/devices/system/cpu']),
    ...writableFolders(options.limits).flatMap(({ path, megabytes }) => [
      ...['--size', String(megabytes * 1024 * 1024), '--tmpfs', path],
    ]),
    ...['--dir', '/run', '--dir', '/var', '--symlink', '/tmp', '/var/tmp'],
    ...plan.readOnly.flatMap(({ source, target }) => ['--ro-bind', source, target]),
    ...['--ro-bind', plan.control, '/ctl'],
    // Both are writable memory file systems of half the machine's memory otherwise.
    ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', '/workspace', '--clearenv'],
    ...Object.entries(sandboxEnvironment(options)).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--', '/usr/bin/bash', '/ctl/init.sh', '/ctl', '/workspace', String(options.limits.pids)],
  ];
}

/** Shell text that stands for exactly this argument. */
export function quote(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

export interface Launch {
  bwrap: string;
  arguments: readonly string[];
  /** Files to write the process number into. */
  joinFiles: readonly string[];
  /** Unprivileged user to become; null: stay who we are. */
  uid: number | null;
  /** Folders to bring where the unprivileged user can reach them, in a mount namespace of their own. */
  staged: readonly { source: string; at: string }[];
  stagingFolder: string;
  cpuList: readonly number[];
  /** Words before bwrap that put it under limits, e.g. systemd-run. */
  prefix: readonly string[];
}

/**
 * The command to spawn. Every step replaces the one before (exec), so that bwrap is the worker's own child and dies
 * with it; a step in between that stays alive would leave everything running when the worker is killed.
 */
export function launchCommand(launch: Launch): { file: string; arguments: string[] } {
  const lines = ['set -e', ...launch.joinFiles.map((file) => `echo $$ >${quote(file)}`)];
  if (launch.staged.length > 0) {
    lines.push(`mount -t tmpfs -o size=64k,mode=711 none ${quote(launch.stagingFolder)}`);
    for (const { source, at } of launch.staged) {
      lines.push(`mkdir ${quote(at)} && mount --bind ${quote(source)} ${quote(at)}`);
    }
  }
  const words = [
    ...launch.prefix,
    ...(launch.cpuList.length > 0 ? ['taskset', '-c', launch.cpuList.join(',')] : []),
    ...(launch.uid === null
      ? []
      : ['setpriv', `--reuid=${launch.uid}`, `--regid=${launch.uid}`, '--clear-groups', '--inh-caps=-all', '--']),
    launch.bwrap,
    ...launch.arguments,
  ];
  lines.push(`exec ${words.map(quote).join(' ')}`);
  const script = ['/bin/sh', '-c', lines.join('\n')];
  const command = launch.staged.length > 0 ? ['unshare', '--mount', '--propagation', 'private', ...script] : script;
  const [file = '/bin/sh', ...rest] = command;
  return { file, arguments: rest };
}
