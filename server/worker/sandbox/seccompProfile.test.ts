import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutNamespaces } from './seccompProfile.ts';

const profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
  syscalls: [
    { names: ['read', 'clone', 'clone3', 'unshare', 'mount'], action: 'SCMP_ACT_ALLOW', args: [] },
    { names: ['setns'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['bpf', 'fork'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
  ],
};

describe('the profile of system calls', () => {
  const made = JSON.parse(withoutNamespaces(JSON.stringify(profile)));

  test('names no call that makes or enters namespaces or mounts: the default refuses them', () => {
    const names = made.syscalls.flatMap((rule: { names: string[] }) => rule.names);
    assert.deepEqual(names, ['read', 'fork', 'clone']);
    assert.deepEqual([made.defaultAction, made.archMap], ['SCMP_ACT_ERRNO', profile.archMap]);
  });

  test('processes and threads are made, unless with a flag of a namespace', () => {
    const clone = made.syscalls.at(-1);
    assert.equal(clone.action, 'SCMP_ACT_ALLOW');
    const [{ value, valueTwo, op }] = clone.args;
    const allowed = (flags: number) => op === 'SCMP_CMP_MASKED_EQ' && (flags & value) === valueTwo;
    const [thread, newUser, newNet] = [0x3d0f00, 0x1000_0000, 0x4000_0000];
    assert.deepEqual([thread, newUser, newNet, 17].map(allowed), [true, false, false, true]);
  });

  test('clone3 is said not to be there, so that libraries take clone', () => {
    const other = JSON.parse(withoutNamespaces(JSON.stringify({ ...profile, defaultErrnoRet: 1 })));
    assert.deepEqual(other.syscalls.at(-1), { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
  });

  test('a profile that allows what it does not name cannot be made stricter in this way', () => {
    assert.throws(() => withoutNamespaces(JSON.stringify({ ...profile, defaultAction: 'SCMP_ACT_ALLOW' })));
    assert.throws(() => withoutNamespaces('{}'));
  });
});
