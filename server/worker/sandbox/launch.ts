/** How the program that makes a sandbox is started: under limits, as nobody, with what it shows brought within its reach. */
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
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
  /** File that lists what to mount first, in a mount namespace of its own; null: nothing. */
  mountTable: string | null;
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
  if (launch.mountTable !== null) lines.push(`mount -a -T ${quote(launch.mountTable)}`);
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
  const command = launch.mountTable !== null ? ['unshare', '--mount', '--propagation', 'private', ...script] : script;
  const [file = '/bin/sh', ...rest] = command;
  return { file, arguments: rest };
}

export interface Staging {
  /** The mounts with sources that the user can reach. */
  mounts: Mount[];
  mountTable: string | null;
}

/** A path as fstab(5) has it. */
function tableField(path: string): string {
  return path.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/**
 * Which of the mounts root must bring to where an unprivileged user can reach them. Their places, and a table (fstab(5))
 * for one `mount` to mount them all, are made in `stagingFolder`.
 * @throws {SandboxStartError}
 */
export function stage(
  driver: SandboxDriverName,
  mounts: readonly Mount[],
  uid: number | null,
  stagingFolder: string,
): Staging {
  const table: string[] = [];
  const reachable = mounts.map(({ source, target }) => {
    if (uid === null || reachableBy(uid, source)) return { source, target };
    if (!lstatSync(source).isDirectory()) {
      const fix = 'Make it and the folders above it readable for everybody, or put it into a folder.';
      throw new SandboxStartError(driver, `user ${uid} cannot read ${source}`, fix);
    }
    const at = join(stagingFolder, String(table.length));
    mkdirSync(at);
    table.push(`${tableField(source)} ${tableField(at)} none bind\n`);
    return { source: at, target };
  });
  if (table.length === 0) return { mounts: reachable, mountTable: null };
  const mountTable = join(stagingFolder, 'fstab');
  writeFileSync(mountTable, table.join(''), { mode: 0o600 });
  return { mounts: reachable, mountTable };
}
