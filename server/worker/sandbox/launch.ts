/** How the program that makes a sandbox is started: under limits, as nobody, with what it shows brought within its reach. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxDriverName } from '../../../protocol/run.ts';
import type { Mount } from '../../../protocol/worker.ts';
import { reachableBy } from './reachability.ts';
import { SandboxStartError } from './sandbox.ts';

/** Shell text that stands for exactly this argument. */
export function quote(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

export interface Launch {
  /** What makes the sandbox, and its words. */
  program: string;
  arguments: readonly string[];
  /** Files to write the process number into. */
  joinFiles: readonly string[];
  /** Unprivileged user to become; null: stay who we are. */
  uid: number | null;
  /** Folders to bring where the unprivileged user can reach them, in a mount namespace of their own. */
  staged: readonly { source: string; at: string }[];
  stagingFolder: string;
  cpuList: readonly number[];
  /** Words before the program that put it under limits, e.g. systemd-run. */
  prefix: readonly string[];
}

/**
 * The command to spawn. Every step replaces the one before (exec), so that the program is the worker's own child and
 * dies with it; a step in between that stays alive would leave everything running when the worker is killed.
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
    launch.program,
    ...launch.arguments,
  ];
  lines.push(`exec ${words.map(quote).join(' ')}`);
  const script = ['/bin/sh', '-c', lines.join('\n')];
  const command = launch.staged.length > 0 ? ['unshare', '--mount', '--propagation', 'private', ...script] : script;
  const [file = '/bin/sh', ...rest] = command;
  return { file, arguments: rest };
}

export interface Staging {
  /** The mounts with sources that the user can reach. */
  mounts: Mount[];
  staged: { source: string; at: string }[];
}

/** Which of the mounts root must bring to where an unprivileged user can reach them. @throws {SandboxStartError} */
export function stage(
  driver: SandboxDriverName,
  mounts: readonly Mount[],
  uid: number | null,
  stagingFolder: string,
): Staging {
  const staged: Staging['staged'] = [];
  const reachable = mounts.map(({ source, target }) => {
    if (uid === null || reachableBy(uid, source)) return { source, target };
    if (!lstatSync(source).isDirectory()) {
      const fix = 'Make it and the folders above it readable for everybody, or put it into a folder.';
      throw new SandboxStartError(driver, `user ${uid} cannot read ${source}`, fix);
    }
    const at = join(stagingFolder, String(staged.length));
    staged.push({ source, at });
    return { source: at, target };
  });
  return { mounts: reachable, staged };
}
