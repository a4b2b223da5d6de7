/**
 * A stricter profile of system calls for podman. Its own lets a program make namespaces and mounts (for podman in
 * podman), which opens parts of the kernel that a sandbox has no use for. Format: runtime-spec, config-linux, seccomp.
 */
import * as z from 'zod';

const Profile = z.looseObject({
  defaultAction: z.string(),
  defaultErrnoRet: z.int().optional(),
  syscalls: z.array(z.looseObject({ names: z.array(z.string()), action: z.string() })),
});

/** Left to the default, which refuses them, whatever capabilities the program has. */
const refused = [
  ...['unshare', 'setns', 'mount', 'umount', 'umount2', 'pivot_root', 'chroot', 'open_tree', 'move_mount', 'fsopen'],
  ...['fsconfig', 'fsmount', 'fspick', 'mount_setattr', 'keyctl', 'add_key', 'request_key', 'userfaultfd', 'bpf'],
  ...['perf_event_open', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
];
/** CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET. */
const namespaceFlags = 0x7e02_0000;
const notImplemented = 38;

/**
 * @param text a profile as podman ships it
 * @returns the same without namespaces, mounts and keys; processes and threads are still made
 * @throws {Error} if it is no such profile, or one that allows what it does not name
 */
export function withoutNamespaces(text: string): string {
  const profile = Profile.parse(JSON.parse(text));
  if (profile.defaultAction === 'SCMP_ACT_ALLOW') throw new Error('the profile allows what it does not name');
  const own = new Set([...refused, 'clone', 'clone3']);
  const kept = profile.syscalls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !own.has(name)) }))
    .filter((rule) => rule.names.length > 0);
  const flags = { index: 0, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' };
  const rules: object[] = [{ names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [flags] }];
  // Its flags lie in memory, where no filter can read them: libraries take `clone` instead when it is not there.
  if (profile.defaultErrnoRet !== notImplemented) {
    rules.push({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: notImplemented });
  }
  return JSON.stringify({ ...profile, syscalls: [...kept, ...rules] });
}
