/** Which folders of the host an unprivileged user cannot come to, so that root must carry them to where it can. */
import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** True if a user with this number, and no group but its own, may pass every folder on the way to `path` and open it. */
export function reachableBy(uid: number, path: string): boolean {
  const real = realpathSync(path);
  for (let at = real; ; at = dirname(at)) {
    const { mode, uid: owner, gid } = statSync(at);
    const shift = owner === uid ? 6 : gid === uid ? 3 : 0;
    // The file itself must be readable; a folder at the end too, and searchable like those before it.
    const wanted = (at === real ? 4 : 0) | (at !== real || statSync(at).isDirectory() ? 1 : 0);
    if (((mode >> shift) & wanted) !== wanted) return false;
    if (at === '/') return true;
  }
}
