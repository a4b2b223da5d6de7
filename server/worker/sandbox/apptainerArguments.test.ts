import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ApptainerPlan, apptainerArguments, apptainerCommand } from './apptainerArguments.ts';
import type { SandboxOptions } from './sandbox.ts';

const options: SandboxOptions = {
  id: 'x',
  slot: 3,
  mounts: [],
  environment: { AIRA_SEED: '7' },
  limits: { cpus: 2, memoryMb: 1000, diskMb: 100, pids: 50 },
  cpuList: [],
  gpuUuid: null,
  venv: '/v',
};

function plan(change: Partial<ApptainerPlan> = {}): ApptainerPlan {
  return {
    options,
    root: '/tmp/x/root',
    readOnly: [{ source: "/srv/it's, here", target: '/data/train' }],
    writable: [{ source: '/tmp/x/w/_workspace', target: '/workspace', megabytes: 100 }],
    deviceNodes: [],
    program: 'apptainer',
    ...change,
  };
}

describe('the command line of Apptainer', () => {
  test('is exactly this', () => {
    const environment = apptainerArguments(plan()).filter((word) => /^[A-Z_]+=/.test(word));
    assert.deepEqual(apptainerArguments(plan()), [
      ...['--silent', 'exec', '--userns', '--containall', '--cleanenv', '--no-home', '--no-init', '--no-privs'],
      ...['--no-mount=hostfs,bind-paths,home,tmp,cwd,sys', '--net', '--network=none', '--hostname=sbx'],
      '--mount=type=bind,source=/sys/devices/system/cpu,destination=/sys/devices/system/cpu,ro',
      '--mount=type=bind,source=/tmp/x/w/_workspace,destination=/workspace',
      '--mount=type=bind,"source=/srv/it\'s, here",destination=/data/train,ro',
      ...['--pwd=/workspace', '/tmp/x/root'],
      ...['/usr/bin/env', '-i', ...environment, '/usr/bin/bash', '/ctl/init.sh', '/ctl', '/workspace', '50'],
    ]);
    assert.ok(environment.includes('HOME=/root') && environment.includes('AIRA_SEED=7'));
  });

  test('never gives root, a writable image, or a folder of the 64 MiB that Apptainer would give', () => {
    const argv = apptainerArguments(plan());
    for (const trap of [
      '--fakeroot',
      '--writable',
      '--writable-tmpfs',
      '--nv',
      '--memory',
      '--pids-limit',
      '--keep-privs',
    ])
      assert.ok(!argv.some((word) => word.startsWith(trap)), trap);
  });

  test('a GPU with the libraries of the host: its nodes and /sys, and no other GPU', () => {
    const argv = apptainerArguments(
      plan({ options: { ...options, gpuUuid: 'GPU-1' }, deviceNodes: ['/dev/nvidia2', '/dev/nvidiactl'] }),
    );
    const mounts = argv.filter((word) => /nvidia|sys/.test(word) && word.startsWith('--mount'));
    assert.deepEqual(mounts, [
      '--mount=type=bind,source=/sys,destination=/sys,ro',
      '--mount=type=bind,source=/dev/nvidia2,destination=/dev/nvidia2',
      '--mount=type=bind,source=/dev/nvidiactl,destination=/dev/nvidiactl',
    ]);
  });

  test('an image: with its own environment, and its GPU by name, never by --nv, which shows all', () => {
    const argv = apptainerArguments(
      plan({ options: { ...options, gpuUuid: 'GPU-1', image: '/images/x.sif' }, root: '/images/x.sif' }),
    );
    assert.ok(argv.includes('--device=nvidia.com/gpu=GPU-1') && !argv.includes('--nv') && !argv.includes('-i'));
    assert.ok(argv.indexOf('/images/x.sif') < argv.indexOf('env'));
  });
});

describe('what runs Apptainer', () => {
  const { program, arguments: argv } = apptainerCommand(plan());
  const script = argv.at(-1)?.split('\n') ?? [];

  test('a user namespace of its own, in which folders get their sizes', () => {
    assert.equal(program, 'unshare');
    assert.deepEqual(argv.slice(0, 5), [
      ...['--user', '--map-current-user', '--keep-caps', '--mount', '--propagation=private'],
    ]);
    assert.ok(script.includes("mount -t tmpfs -o size=100m,mode=1777,nosuid,nodev none '/tmp/x/w/_workspace'"));
  });

  test('one more namespace may be made, by Apptainer, and then all capabilities are dropped', () => {
    const [limit, last] = script.slice(-2);
    assert.equal(limit, 'echo 1 >/proc/sys/user/max_user_namespaces');
    assert.match(
      last ?? '',
      /^exec 'setpriv' '--inh-caps=-all' '--ambient-caps=-all' '--' 'apptainer' '--silent' 'exec' /,
    );
    assert.ok(last?.includes(`"source=/srv/it'\\''s, here"`));
  });
});
