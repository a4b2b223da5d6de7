/** Sees to it that nothing of a sandbox is left on the host, even when the worker is killed without a word. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup, type CgroupParents, removeDeadCgroup } from './cgroup.ts';
import { startOf } from './processTree.ts';
import { reachableBy } from './reachability.ts';

const script = readFileSync(new URL('./janitor.sh', import.meta.url), 'utf8');

/** Names what belongs to this process: process namespace, number and start, so that a later reader can tell it is dead. */
function ownName(pid = process.pid): string {
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  return `aira2-${namespace}-${pid}-${Math.round((startOf(pid) ?? 0) * 100)}-`;
}

function ownerIsDead(name: string): boolean {
  const [, namespace, pid, start] = /^aira2-(\d+)-(\d+)-(\d+)-/.exec(name) ?? [];
  if (pid === undefined || !ownName().startsWith(`aira2-${namespace}-`)) return false;
  return Math.round((startOf(Number(pid)) ?? -1) * 100) !== Number(start);
}

export class Janitor {
  readonly #prefix = ownName();
  readonly #child: ChildProcess;
  #groups = 0;

  constructor() {
    this.#child = spawn('bash', ['-c', script, 'aira2-janitor'], {
      // Not of our process group: a Ctrl-C in the terminal is not meant for it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    // A janitor that is gone leaves the sweep at the next start.
    this.#child.on('error', () => undefined);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.unref();
    if (this.#child.stdin !== null && 'unref' in this.#child.stdin) (this.#child.stdin as { unref(): void }).unref();
  }

  #say(word: '+' | '-', path: string): void {
    this.#child.stdin?.write(`${word} ${path}\n`);
  }

  /** A new folder that `uid` can pass through but not list. */
  makeFolder(uid: number | null): string {
    const temporary = uid === null || reachableBy(uid, tmpdir()) ? tmpdir() : '/tmp';
    const folder = mkdtempSync(join(temporary, this.#prefix));
    this.#say('+', folder);
    if (uid !== null) chmodSync(folder, 0o711);
    return folder;
  }

  makeCgroup(parents: CgroupParents, limits: ConstructorParameters<typeof Cgroup>[2]): Cgroup {
    this.#groups += 1;
    const group = new Cgroup(parents, `${this.#prefix}${this.#groups}`, limits);
    for (const folder of group.folders) this.#say('+', folder);
    return group;
  }

  async removeFolder(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    this.#say('-', folder);
  }

  async removeCgroup(group: Cgroup): Promise<void> {
    await group.remove();
    for (const folder of group.folders) this.#say('-', folder);
  }

  /** Removes what workers of this user left behind that died together with their janitors. */
  static sweep(parents: CgroupParents | null): void {
    const own = process.getuid?.() ?? -1;
    for (const name of readdirSync(tmpdir())) {
      const path = join(tmpdir(), name);
      if (ownerIsDead(name) && lstatSync(path).uid === own) rmSync(path, { recursive: true, force: true });
    }
    for (const parent of new Set(Object.values(parents?.folders ?? {}))) {
      for (const name of readdirSync(parent)) {
        if (!ownerIsDead(name)) continue;
        removeDeadCgroup(join(parent, name));
      }
    }
  }
}
