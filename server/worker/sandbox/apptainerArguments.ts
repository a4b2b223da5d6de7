/** The command line of Apptainer: a pure function of what the sandbox is to show. Flags: apptainer exec, version 1.2 or later. */
import type { Mount } from '../../../protocol/worker.ts';
import { sandboxCommand } from './containerArguments.ts';
import { quote } from './launch.ts';
import type { SandboxOptions } from './sandbox.ts';

export interface ApptainerPlan {
  options: SandboxOptions;
  /** Folder to be the root file system, or the image of the options. */
  root: string;
  readOnly: readonly Mount[];
  /** Folders of the host that stand behind the writable ones; a memory file system is mounted on each. */
  writable: readonly { source: string; target: string; megabytes: number }[];
  /** Device nodes of the assigned GPU, for a sandbox that shows the host's own libraries. */
  deviceNodes: readonly string[];
  /** Where Apptainer may keep settings of its own: not in anybody's home. */
  program: string;
}

/** A value in the comma-separated lists that `--mount` takes. */
function field(name: string, value: string): string {
  return /[",]/.test(value) ? `"${name}=${value.replaceAll('"', '""')}"` : `${name}=${value}`;
}

function mount(source: string, destination: string, readOnly: boolean): string {
  const parts = ['type=bind', field('source', source), field('destination', destination)];
  return `--mount=${[...parts, ...(readOnly ? ['ro'] : [])].join(',')}`;
}

export function apptainerArguments(plan: ApptainerPlan): string[] {
  const { options } = plan;
  const { image, gpuUuid } = options;
  return [
    ...['--silent', 'exec', '--userns', '--containall', '--cleanenv', '--no-home', '--no-init', '--no-privs'],
    // What the administrator has configured to be mounted everywhere is no business of a sandbox.
    ...['--no-mount=hostfs,bind-paths,home,tmp,cwd,sys', '--net', '--network=none', '--hostname=sbx'],
    // CUDA does not initialise without /sys; thread libraries ask it for the processor's layout.
    ...(gpuUuid === null
      ? [mount('/sys/devices/system/cpu', '/sys/devices/system/cpu', true)]
      : [mount('/sys', '/sys', true)]),
    // `--nv` would show every GPU of the machine.
    ...(image !== undefined && gpuUuid !== null ? [`--device=nvidia.com/gpu=${gpuUuid}`] : []),
    ...plan.deviceNodes.map((node) => mount(node, node, false)),
    ...plan.writable.map(({ source, target }) => mount(source, target, false)),
    ...plan.readOnly.map(({ source, target }) => mount(source, target, true)),
    '--pwd=/workspace',
    plan.root,
    ...sandboxCommand(options, options.limits.pids),
  ];
}

/**
 * What runs Apptainer: a user namespace around it, in which the sandbox's writable folders get sizes (Apptainer cannot
 * give them any), and in which there can be one more user namespace, which is Apptainer's, and none of a program's own.
 */
export function apptainerCommand(plan: ApptainerPlan): { program: string; arguments: string[] } {
  const lines = [
    'set -e',
    ...plan.writable.map(
      ({ source, megabytes }) => `mount -t tmpfs -o size=${megabytes}m,mode=1777,nosuid,nodev none ${quote(source)}`,
    ),
    'echo 1 >/proc/sys/user/max_user_namespaces',
    `exec ${['setpriv', '--inh-caps=-all', '--ambient-caps=-all', '--', plan.program, ...apptainerArguments(plan)].map(quote).join(' ')}`,
  ];
  const namespaces = ['--user', '--map-current-user', '--keep-caps', '--mount', '--propagation=private'];
  return { program: 'unshare', arguments: [...namespaces, '/bin/sh', '-c', lines.join('\n')] };
}
