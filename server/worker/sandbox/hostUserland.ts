/** The host's own programs and libraries, as a sandbox without an image shows them: read-only, with an /etc of its own. */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { Limits } from '../../../protocol/worker.ts';

/** /bin, /lib and so on as this host has them: a link into /usr, or a folder of its own. */
export type SystemFolder = { path: string; link: string } | { path: string; link: null };

export function systemFolders(): SystemFolder[] {
  return ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap((path): SystemFolder[] => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink() ? [{ path, link: readlinkSync(path) }] : [{ path, link: null }];
  });
}

/** Files and folders of the host's /etc that programs need and that tell nothing. */
export function hostEtc(): string[] {
  return ['/etc/ld.so.cache', '/etc/alternatives', '/etc/ssl'].filter((path) => existsSync(path));
}

/** Files of /etc, by name, for a program that runs as this user and group: called root, whatever its number is. */
export function etcFiles(uid = 0, gid = 0): Readonly<Record<string, string>> {
  return {
    passwd: `root:x:${uid}:${gid}:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: '127.0.0.1 localhost sbx\n::1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  };
}

/**
 * Writable folders; everything else is read-only. Each is a memory file system of its own, with its own size. Files count
 * as memory and cannot be reclaimed by killing anybody: none of them may fill it all, or the sandbox dies of a big file.
 */
export function writableFolders(limits: Limits): { path: string; megabytes: number }[] {
  const megabytes = Math.max(1, Math.min(limits.diskMb, Math.floor(limits.memoryMb * 0.7)));
  return [
    { path: '/dev/shm', megabytes: Math.max(1, Math.floor(limits.memoryMb / 2)) },
    ...['/tmp', '/root', '/workspace', '/out'].map((path) => ({ path, megabytes })),
  ];
}
