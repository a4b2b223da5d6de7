import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Cgroup, findCgroupParents } from './cgroup.ts';
import { memoryAccountOf } from './memoryAccount.ts';

const root = mkdtempSync(join(tmpdir(), 'cgroup-'));
after(() => rmSync(root, { recursive: true }));

const line = (mount: string, type: string, options: string, from = '/') =>
  `30 20 0:29 ${from} ${mount} rw,relatime - ${type} ${type} ${options}`;

describe('control groups', () => {
  test('version 1: groups are made below the group that this process is in', () => {
    const memory = join(root, 'memory');
    mkdirSync(join(memory, 'job', '7'), { recursive: true });
    const found = findCgroupParents(line(memory, 'cgroup', 'rw,memory'), '4:memory:/job/7\n0::/');
    assert.deepEqual(found, { version: 1, folders: { memory: join(memory, 'job', '7') } });
  });

  test('version 1 in a container: the mount shows only a part of the tree', () => {
    const pids = join(root, 'pids');
    mkdirSync(pids, { recursive: true });
    const found = findCgroupParents(line(pids, 'cgroup', 'rw,pids', '/docker/abc'), '4:pids:/docker/abc');
    assert.deepEqual(found?.folders, { pids });
  });

  test('version 2: a group that has been delegated to us, with its controllers', () => {
    const unified = join(root, 'unified');
    const own = join(unified, 'user', 'me');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'cgroup.subtree_control'), 'memory pids cpu');
    const found = findCgroupParents(line(unified, 'cgroup2', 'rw'), '0::/user/me');
    assert.deepEqual(found, { version: 2, folders: { memory: own, pids: own, cpu: own } });
  });

  test('nothing is found where no hierarchy is mounted', () => {
    assert.equal(findCgroupParents('30 20 0:29 / / rw - ext4 /dev/sda rw', '0::/'), null);
  });

  test('version 2: limits, the peak and the kills are where the kernel documents them', async () => {
    const parent = join(root, 'two');
    mkdirSync(parent);
    const folders = { memory: parent, pids: parent, cpu: parent };
    const limits = { cpus: 1, memoryMb: 10, diskMb: 1, pids: 20 };
    const group = new Cgroup({ version: 2, folders }, 'aira2-x', limits);
    const folder = join(parent, 'aira2-x');
    assert.equal(readFileSync(join(folder, 'memory.max'), 'utf8'), '10485760');
    assert.equal(readFileSync(join(folder, 'pids.max'), 'utf8'), '20');
    assert.deepEqual(group.joinFiles, [join(folder, 'cgroup.procs')]);
    writeFileSync(join(folder, 'memory.peak'), '5242880\n');
    writeFileSync(join(folder, 'memory.events'), 'low 0\noom 3\noom_kill 2\noom_group_kill 0\n');
    assert.deepEqual([group.memory?.peakBytes(), group.memory?.kills()], [5_242_880, 2]);
    rmSync(folder, { recursive: true });
    await group.remove();
    assert.deepEqual([group.memory?.peakBytes(), group.memory?.kills()], [5_242_880, 2]);
  });

  test('version 2: the account of a scope that systemd has made is found through a process in it', () => {
    const scope = join(root, 'three', 'user.slice', 'run-7.scope');
    mkdirSync(scope, { recursive: true });
    writeFileSync(join(scope, 'memory.events'), 'oom_kill 1\n');
    const mountinfo = `${line('/', 'ext4', 'rw')}\n${line(join(root, 'three'), 'cgroup2', 'rw')}`;
    assert.equal(memoryAccountOf('0::/user.slice/run-7.scope\n', mountinfo)?.kills(), 1);
    assert.equal(memoryAccountOf('4:memory:/x\n', mountinfo), null);
  });
});
