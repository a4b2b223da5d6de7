import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DockerPlan, dockerArguments, type PodmanPlan, podmanArguments } from './containerArguments.ts';
import type { SandboxOptions } from './sandbox.ts';

const options: SandboxOptions = {
  id: 'x',
  slot: 3,
  mounts: [],
  environment: { AIRA_SEED: '7', ODD: 'a b,"c"=d' },
  limits: { cpus: 2, memoryMb: 1000, diskMb: 100, pids: 50 },
  cpuList: [0, 5],
  gpuUuid: null,
  venv: '/v',
};

const shared = {
  options,
  name: 'aira2-1-2-3-abc',
  readOnly: [
    { source: '/srv/public', target: '/data/train' },
    { source: '/srv/a,"b"', target: '/odd' },
  ],
  user: { uid: 1000, gid: 1000 },
  controllers: new Set(['memory', 'pids', 'cpu', 'cpuset'] as const),
  deviceNodes: [],
};

function podman(change: Partial<PodmanPlan> = {}): string[] {
  const own = { root: '/tmp/x/root', userNamespace: ['--userns=keep-id'], seccomp: '/tmp/x/seccomp.json' };
  return podmanArguments({ ...shared, ...own, openFiles: 1024, pidFile: '/tmp/x/pid', ...change });
}

function docker(change: Partial<DockerPlan> = {}): string[] {
  return dockerArguments({ ...shared, image: 'bare:1', remapsUsers: false, ...change });
}

/** Where the words of the engine end and those of the container begin. */
function engineWords(argv: readonly string[]): string[] {
  return argv.slice(0, argv.indexOf('-c'));
}

for (const [name, argv] of [
  ['podman', podman()],
  ['docker', docker()],
] as const) {
  describe(`the command line of ${name}`, () => {
    test('no network, no privileges, no writable root, and gone when it ends', () => {
      const wanted = '--detach --rm --network=none --read-only --cap-drop=ALL --security-opt=no-new-privileges';
      for (const flag of wanted.split(' ')) assert.ok(argv.includes(flag), flag);
      assert.ok(!engineWords(argv).some((word) => /privileged$|--volume|^-v$|--env|SYS_ADMIN|host\b/.test(word)));
    });

    test('programs run as nobody of the host, and never as root', () => {
      assert.ok(argv.includes('--user=1000:1000'));
    });

    test('nothing is fetched, and it can be found by its name and label', () => {
      for (const flag of ['--pull=never', '--name=aira2-1-2-3-abc', '--label=aira2.sandbox=3'])
        assert.ok(argv.includes(flag), flag);
    });

    test('all mounts of the host are read-only, whatever their names', () => {
      const mounts = argv.filter((word) => word.startsWith('--mount='));
      assert.deepEqual(mounts, [
        '--mount=type=bind,source=/srv/public,target=/data/train,readonly',
        '--mount=type=bind,"source=/srv/a,""b""",target=/odd,readonly',
      ]);
    });

    test('limits: memory without swap, processes, CPUs, and a size for every writable folder', () => {
      const wanted = '--memory=1000m --memory-swap=1000m --pids-limit=50 --cpus=2 --cpuset-cpus=0,5 --shm-size=500m';
      for (const flag of wanted.split(' ')) assert.ok(argv.includes(flag), flag);
      const folders = argv.filter((word) => word.startsWith('--tmpfs='));
      assert.deepEqual(
        folders.map((word) => /^--tmpfs=(\/\w+):.*size=100m.*,(U|uid=1000,gid=1000)/.exec(word)?.[1]),
        ['/tmp', '/root', '/workspace', '/out'],
      );
    });

    test('the environment is set by the command inside, and is ours alone: nothing of the engine or the host', () => {
      const inside = argv.slice(argv.indexOf('-c') + 2);
      assert.deepEqual(inside.slice(0, 4), ['init', '/ctl', '/usr/bin/env', '-i']);
      assert.ok(inside.includes('ODD=a b,"c"=d') && inside.includes('HOME=/root') && inside.includes('AIRA_SEED=7'));
      assert.deepEqual(inside.slice(-5), ['/usr/bin/bash', '/ctl/init.sh', '/ctl', '/workspace', '0']);
    });
  });
}

describe('podman in particular', () => {
  test('limits that it would ignore in silence are not asked for', () => {
    const argv = podman({ controllers: new Set() });
    assert.ok(!engineWords(argv).some((word) => /^--(memory|pids-limit|cpus|cpuset)/.test(word)));
    // What every kernel holds a user namespace to.
    assert.ok(argv.includes('--ulimit=nproc=50:50') && argv.includes('--ulimit=nofile=1024:1024'));
  });

  test('an image takes the place of the root, with its own PATH and Python, and brings no entry point', () => {
    const argv = podman({ options: { ...options, image: 'registry/x:1' }, root: null });
    assert.ok(!argv.includes('--rootfs') && !argv.includes('--unsetenv-all') && argv.includes('--entrypoint='));
    assert.equal(argv[argv.indexOf('-c') - 2], 'registry/x:1');
    const inside = argv.slice(argv.indexOf('-c') + 2);
    assert.ok(!inside.includes('-i') && !inside.some((word) => /^(PATH|VIRTUAL_ENV)=/.test(word)));
    assert.ok(inside.includes('HOME=/root') && inside.includes('AIRA_SEED=7'));
  });

  test('a GPU: its nodes alone with the libraries of the host, its name alone with an image', () => {
    const gpuUuid = 'GPU-1234';
    const nodes = podman({ options: { ...options, gpuUuid }, deviceNodes: ['/dev/nvidia2', '/dev/nvidiactl'] });
    assert.deepEqual(
      nodes.filter((word) => word.startsWith('--device')),
      ['--device=/dev/nvidia2', '--device=/dev/nvidiactl'],
    );
    assert.ok(nodes.includes('CUDA_VISIBLE_DEVICES=GPU-1234'));
    const image = podman({ options: { ...options, gpuUuid, image: 'x' }, root: null });
    assert.deepEqual(
      image.filter((word) => word.startsWith('--device')),
      ['--device=nvidia.com/gpu=GPU-1234'],
    );
  });
});

describe('docker in particular', () => {
  test('a daemon that gives containers other users is told not to: the pipes are ours', () => {
    assert.ok(docker({ remapsUsers: true }).includes('--userns=host'));
    assert.ok(!docker().some((word) => word.startsWith('--userns')));
  });

  test('a GPU for an image, by its name alone', () => {
    const argv = docker({ options: { ...options, gpuUuid: 'GPU-1234', image: 'x' }, image: 'x' });
    assert.ok(argv.includes('--gpus=device=GPU-1234'));
    assert.ok(!argv.some((word) => word.includes('all') && word.startsWith('--gpus')));
  });
});
