/** Which control group a process is in, and where that group is on the file system. Formats: proc(5), cgroups(7). */
import { join } from 'node:path';

export interface OwnGroup {
  version: 1 | 2;
  /** Of those asked for, the ones that this hierarchy holds. Version 2: unknown here, its files tell. */
  controllers: string[];
  /** Where the hierarchy is mounted, and the group in it. */
  mount: string;
  folder: string;
}

/**
 * @param mountinfo text of /proc/self/mountinfo
 * @param membership text of /proc/<pid>/cgroup
 * @param wanted controllers to look for in version 1
 */
export function ownGroups(mountinfo: string, membership: string, wanted: readonly string[]): OwnGroup[] {
  const own = new Map<string, string>();
  for (const line of membership.split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names !== undefined && path !== undefined) for (const name of names.split(',')) own.set(name, path);
  }
  const groups: OwnGroup[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, mount] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (root === undefined || mount === undefined) continue;
    // The mount may show only a part of the tree, as in a container.
    const below = (path: string) =>
      join(mount, path.startsWith(root) ? path.slice(root === '/' ? 0 : root.length) : path);
    const unified = own.get('');
    if (type === 'cgroup2' && unified !== undefined) {
      groups.push({ version: 2, controllers: [], mount, folder: below(unified) });
    }
    if (type !== 'cgroup') continue;
    const controllers = wanted.filter((name) => options?.split(',').includes(name));
    const [first] = controllers;
    if (first !== undefined) groups.push({ version: 1, controllers, mount, folder: below(own.get(first) ?? '/') });
  }
  return groups;
}
