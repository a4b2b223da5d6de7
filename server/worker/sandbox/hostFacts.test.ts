import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gpuDeviceNodes } from './gpuDevices.ts';
import { startedSince } from './processTree.ts';
import { reachableBy } from './reachability.ts';

const root = mkdtempSync(join(tmpdir(), 'facts-'));
after(() => rmSync(root, { recursive: true }));

test('a folder below a closed one cannot be reached by another user, nor can a closed file', () => {
  const somebody = 54_321;
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'closed', 'open'), { recursive: true, mode: 0o755 });
  assert.equal(reachableBy(somebody, join(root, 'closed', 'open')), true);
  chmodSync(join(root, 'closed'), 0o700);
  assert.equal(reachableBy(somebody, join(root, 'closed', 'open')), false);
  writeFileSync(join(root, 'file'), '', { mode: 0o600 });
  assert.equal(reachableBy(somebody, join(root, 'file')), false);
  chmodSync(join(root, 'file'), 0o644);
  assert.equal(reachableBy(somebody, join(root, 'file')), true);
});

test("only the assigned GPU's node is given out, with those that all GPUs share", () => {
  const gpu = (bus: string, uuid: string, minor: number) => {
    mkdirSync(join(root, 'proc/driver/nvidia/gpus', bus), { recursive: true });
    writeFileSync(
      join(root, 'proc/driver/nvidia/gpus', bus, 'information'),
      `Model: \t\t NVIDIA H200\nGPU UUID: \t ${uuid}\nDevice Minor: \t ${minor}\n`,
    );
  };
  gpu('0000:01:00.0', 'GPU-a', 0);
  gpu('0000:02:00.0', 'GPU-b', 1);
  mkdirSync(join(root, 'dev'));
  for (const name of ['nvidia0', 'nvidia1', 'nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools'])
    writeFileSync(join(root, 'dev', name), '');
  const shared = ['/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools'];
  assert.deepEqual(gpuDeviceNodes('GPU-b', root), ['/dev/nvidia1', ...shared]);
  assert.throws(() => gpuDeviceNodes('GPU-c', root), /GPU GPU-c is not on this machine/);
});

describe('the processes that a command has started', () => {
  const each = (hostPid: number, parentHostPid: number, startedAt: number) => ({
    hostPid,
    parentHostPid,
    startedAt,
    pid: hostPid,
    name: 'x',
  });
  const all = [
    each(1, 0, 0),
    each(10, 1, 5),
    each(11, 10, 8),
    each(12, 11, 30),
    each(13, 10, 25),
    each(14, 13, 26),
    each(15, 1, 27),
  ];
  const pids = (found: { hostPid: number }[]) => found.map(({ hostPid }) => hostPid).sort();

  test('are the descendants of the shell that are younger than it, and not what an older job starts now', () => {
    assert.deepEqual(pids(startedSince(all, 10, 20)), [13, 14]);
  });

  test('are not those that an earlier command left, however young', () => {
    assert.deepEqual(pids(startedSince(all, 10, 20, new Set(['13@25']))), []);
  });
});
