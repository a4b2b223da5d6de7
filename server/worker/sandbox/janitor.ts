/** Sees to it that nothing of a sandbox is left on the host, even when the worker is killed without a word. */
import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../../../protocol/thrown.ts';
import type { Limits } from '../../../protocol/worker.ts';
import { programFile } from '../../programFiles.ts';
import { Cgroup, type CgroupParents, removeDeadCgroup } from './cgroup.ts';
import { FifoStock } from './fifo.ts';
import { startOf } from './processTree.ts';
import { reachableBy } from './reachability.ts';

const script = readFileSync(programFile('server/worker/sandbox/janitor.sh'), 'utf8');

/** Names what belongs to this process: process namespace, number and start, so that a later reader can tell it is dead. */
function ownName(pid = process.pid): string {
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  return `aira2-${namespace}-${pid}-${Math.round((startOf(pid) ?? 0) * 100)}-`;
}

/** True if the process that this name was made by has ended, as far as can be told from here. */
export function ownerIsDead(name: string): boolean {
  const [, namespace, pid, start] = /^aira2-(\d+)-(\d+)-(\d+)-/.exec(name) ?? [];
  if (pid === undefined || !ownName().startsWith(`aira2-${namespace}-`)) return false;
  return Math.round((startOf(Number(pid)) ?? -1) * 100) !== Number(start);
}

/** The janitor of the dead worker, or another worker, may be at it as well. What cannot be removed is left to the next one. */
function removeDeadFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EBUSY')) throw error;
  }
}

/** podman or docker, as the janitor needs it. */
export interface EngineOfContainers {
  program: string;
  environment: Record<string, string>;
}

export class Janitor {
  /** For the processes of the sandboxes in our folders. */
  readonly fifos = new FifoStock((uid) => this.makeFolder(uid));
  readonly #prefix = ownName();
  readonly #groups: CgroupParents | null;
  #count = 0;

  /**
   * @param groups where control groups are made; null: nowhere
   * @param engine of containers that bear the names of our folders; null: none do
   */
  constructor(groups: CgroupParents | null, engine: EngineOfContainers | null = null) {
    this.#groups = groups;
    const parents = [...new Set([tmpdir(), '/tmp', ...Object.values(groups?.folders ?? {})])];
    const program = engine?.program ?? '';
    const child = spawn('bash', ['-c', script, 'aira2-janitor', this.#prefix, program, ...parents], {
      // Not of our process group: a Ctrl-C in the terminal is not meant for it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin', ...engine?.environment },
      cwd: '/',
    });
    // A janitor that is gone leaves the sweep at the next start.
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    // It must not keep the worker alive; the pipe is a socket, whatever its type says.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
  }

  /** A new folder that `uid` can pass through but not list. */
  makeFolder(uid: number | null): string {
    const temporary = uid === null || reachableBy(uid, tmpdir()) ? tmpdir() : '/tmp';
    const folder = mkdtempSync(join(temporary, this.#prefix));
    if (uid !== null) chmodSync(folder, 0o711);
    return folder;
  }

  /** A new control group with these limits; null where none can be made. */
  makeCgroup(limits: Limits): Cgroup | null {
    if (this.#groups === null) return null;
    this.#count += 1;
    return new Cgroup(this.#groups, `${this.#prefix}${this.#count}`, limits);
  }

  /** Removes what workers of this user left behind that died together with their janitors. */
  static sweep(parents: CgroupParents | null): void {
    const own = process.getuid?.() ?? -1;
    for (const name of readdirSync(tmpdir())) {
      const path = join(tmpdir(), name);
      if (ownerIsDead(name) && lstatSync(path, { throwIfNoEntry: false })?.uid === own) removeDeadFolder(path);
    }
    for (const parent of new Set(Object.values(parents?.folders ?? {}))) {
      for (const name of readdirSync(parent)) {
        if (!ownerIsDead(name)) continue;
        removeDeadCgroup(join(parent, name));
      }
    }
  }
}
