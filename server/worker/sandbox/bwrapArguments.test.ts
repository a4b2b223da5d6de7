import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { type BwrapPlan, bwrapArguments } from './bwrapArguments.ts';
import { writableFolders } from './hostUserland.ts';
import { launchCommand, quote } from './launch.ts';
import type { SandboxOptions } from './sandbox.ts';

const options: SandboxOptions = {
  id: 'x',
  slot: 3,
  mounts: [],
  environment: { AIRA_SEED: '7', OMP_NUM_THREADS: '5' },
  limits: { cpus: 2, memoryMb: 1000, diskMb: 100, pids: 50 },
  cpuList: [0, 1],
  gpuUuid: null,
  venv: '/v',
};

function plan(change: Partial<BwrapPlan> = {}): BwrapPlan {
  return {
    options,
    control: '/tmp/c/ctl',
    etc: '/tmp/c/etc',
    readOnly: [{ source: '/srv/public', target: '/data/train' }],
    systemFolders: [
      { path: '/bin', link: 'usr/bin' },
      { path: '/lib64', link: null },
    ],
    hostEtc: [],
    deviceNodes: [],
    infoFd: 3,
    ...change,
  };
}

/** True if the words stand in the command line next to each other. */
function has(argv: readonly string[], ...words: string[]): boolean {
  return argv.some((_, at) => words.every((word, index) => argv[at + index] === word));
}

describe('the command line of bubblewrap', () => {
  test('unshares everything, drops all capabilities and dies with the worker', () => {
    const argv = bwrapArguments(plan());
    for (const flag of ['user', 'pid', 'ipc', 'uts', 'net', 'cgroup-try'])
      assert.ok(argv.includes(`--unshare-${flag}`), flag);
    for (const flag of ['--die-with-parent', '--new-session', '--disable-userns', '--as-pid-1', '--clearenv']) {
      assert.ok(argv.includes(flag), flag);
    }
    assert.ok(has(argv, '--cap-drop', 'ALL'));
  });

  test('nothing of the host is bound writable, and both roots are made read-only after the last mount', () => {
    const argv = bwrapArguments(plan());
    assert.ok(!argv.includes('--bind') && !argv.includes('--dev-bind'));
    const last = Math.max(argv.lastIndexOf('--tmpfs'), argv.lastIndexOf('--ro-bind'));
    assert.ok(argv.indexOf('--remount-ro') > last);
    assert.ok(has(argv, '--remount-ro', '/dev') && has(argv, '--remount-ro', '/'));
    assert.ok(has(argv, '--ro-bind', '/srv/public', '/data/train'));
    assert.ok(has(argv, '--symlink', 'usr/bin', '/bin') && has(argv, '--ro-bind', '/lib64', '/lib64'));
  });

  test('every writable folder has a size, and none can fill the memory', () => {
    const argv = bwrapArguments(plan());
    const tmpfs = argv.flatMap((word, at) => (word === '--tmpfs' ? [at] : []));
    for (const at of tmpfs) assert.equal(argv[at - 2], '--size', argv[at + 1]);
    assert.deepEqual(
      tmpfs.map((at) => argv[at + 1]),
      ['/dev/shm', '/tmp', '/root', '/workspace', '/out'],
    );
    const tight = writableFolders({ cpus: 1, memoryMb: 100, diskMb: 5000, pids: 1 });
    assert.ok(tight.every(({ megabytes }) => megabytes <= 70));
  });

  test('variables of the specification win over our own', () => {
    const argv = bwrapArguments(plan());
    assert.ok(has(argv, '--setenv', 'AIRA_SEED', '7') && has(argv, '--setenv', 'OMP_NUM_THREADS', '5'));
    assert.ok(has(argv, '--setenv', 'LOKY_MAX_CPU_COUNT', '2'));
  });

  test('without a GPU there is no device and only the processor of /sys; with one, exactly its nodes', () => {
    const without = bwrapArguments(plan());
    assert.ok(!has(without, '--ro-bind', '/sys', '/sys') && has(without, '--setenv', 'CUDA_VISIBLE_DEVICES', ''));
    const nodes = ['/dev/nvidia2', '/dev/nvidiactl', '/dev/nvidia-uvm'];
    const argv = bwrapArguments(plan({ options: { ...options, gpuUuid: 'GPU-1' }, deviceNodes: nodes }));
    assert.deepEqual(
      argv.flatMap((word, at) => (word === '--dev-bind' ? [argv[at + 1]] : [])),
      nodes,
    );
    assert.ok(
      argv.indexOf('--dev-bind') > argv.indexOf('--dev') &&
        argv.lastIndexOf('--dev-bind') < argv.indexOf('--remount-ro'),
    );
    assert.ok(has(argv, '--ro-bind', '/sys', '/sys') && has(argv, '--setenv', 'CUDA_VISIBLE_DEVICES', 'GPU-1'));
  });
});

describe('the chain of commands before bubblewrap', () => {
  const launch = {
    program: 'bwrap',
    arguments: ['--x', "it's"],
    joinFiles: ['/sys/fs/cgroup/memory/a/cgroup.procs'],
    uid: 64_003,
    mountTable: null,
    cpuList: [2, 3],
    prefix: [],
  };

  test('joins the groups, then becomes the unprivileged user, then bubblewrap, each by exec', () => {
    const { file, arguments: argv } = launchCommand(launch);
    assert.equal(file, '/bin/sh');
    const lines = argv[1]?.split('\n') ?? [];
    assert.deepEqual(lines.slice(0, 2), ['set -e', "echo $$ >'/sys/fs/cgroup/memory/a/cgroup.procs'"]);
    assert.match(
      lines.at(-1) ?? '',
      /^exec 'taskset' '-c' '2,3' 'setpriv' '--reuid=64003' '--regid=64003' '--clear-groups'/,
    );
    assert.ok((lines.at(-1) ?? '').endsWith("'bwrap' '--x' 'it'\\''s'"));
  });

  test('folders that the user cannot reach are brought to it in a mount namespace of their own', () => {
    const { file, arguments: argv } = launchCommand({ ...launch, mountTable: '/tmp/c/m/fstab' });
    assert.deepEqual([file, ...argv.slice(0, 3)], ['unshare', '--mount', '--propagation', 'private']);
    assert.ok(argv.at(-1)?.includes("\nmount -a -T '/tmp/c/m/fstab'\nexec "));
  });

  test('an ordinary user becomes nobody else', () => {
    const { arguments: argv } = launchCommand({ ...launch, uid: null, cpuList: [], joinFiles: [] });
    assert.equal(argv[1], "set -e\nexec 'bwrap' '--x' 'it'\\''s'");
  });

  test('quoted words come through a shell as they were', () => {
    const words = ["it's", '$(id)', 'a b', '"', '\\', '\n', '*', ''];
    const shown = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`], { encoding: 'utf8' });
    assert.deepEqual(shown.split('\0').slice(0, -1), words);
  });
});
