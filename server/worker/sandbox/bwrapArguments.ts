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
