/** Telemetry and inventory against executables that behave as `nvidia-smi` does on a bad day. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { gpuInventory } from '../../server/gpu/nvidiaSmi.ts';
import { GpuTelemetry } from '../../server/gpu/telemetry.ts';
import { processesWith, startPool, until } from './poolFixture.ts';

const first = 'GPU-00000000-1111-2222-3333-444444444444';
const second = 'GPU-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const good = `${first}, 0, NVIDIA H200, 37, 1024, 143771, 41, 120.53`;
const bad = `${second}, 1, NVIDIA H200, [N/A], 512, 143771, [Not Supported], ERR!`;

let folder = '';
let scripts = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-'));
});
after(() => rmSync(folder, { recursive: true }));

/** An executable that stands for `nvidia-smi`. */
function fake(body: string, name?: string): string {
  scripts += 1;
  const path = join(folder, name ?? `smi-${scripts}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the GPU inventory', { timeout: 60_000 }, () => {
  it('lists GPUs by index, with numbers where there are numbers', async () => {
    const { gpus, problem } = await gpuInventory({ command: fake(`echo "${bad}"; echo "${good}"`) });
    assert.equal(problem, null);
    assert.deepEqual(
      gpus.map(({ uuid }) => uuid),
      [first, second],
    );
    const [whole, partial] = gpus;
    assert.deepEqual(whole, {
      uuid: first,
      index: 0,
      name: 'NVIDIA H200',
      utilizationPercent: 37,
      memoryUsedMb: 1024,
      memoryTotalMb: 143771,
      temperatureC: 41,
      powerW: 120.53,
    });
    assert.deepEqual(
      [partial?.utilizationPercent, partial?.memoryUsedMb, partial?.temperatureC, partial?.powerW],
      [null, 512, null, null],
    );
  });

  it('is empty, and no problem, without a driver', async () => {
    assert.deepEqual(await gpuInventory({ command: join(folder, 'missing') }), { gpus: [], problem: null });
  });

  it('is not waited for beyond its deadline, not even when a child holds the output open', async () => {
    const command = fake(`trap "" TERM; sleep 600.${process.pid} & sleep 600.${process.pid}`);
    const begun = performance.now();
    const { gpus, problem } = await gpuInventory({ command, timeoutMs: 500 });
    assert.ok(performance.now() - begun < 5000);
    assert.deepEqual(gpus, []);
    assert.match(problem ?? '', /no answer within 500 ms/);
    for (const pid of processesWith(`sleep 600.${process.pid}`)) {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('tells what failed, and which lines made no sense', async () => {
    const failing = fake('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
    const { problem } = await gpuInventory({ command: failing });
    assert.match(problem ?? '', /18.*version mismatch/s);
    const garbage = fake(`echo "${good}"; echo "Unable to determine the device handle"; head -c 300 /dev/urandom`);
    const mixed = await gpuInventory({ command: garbage });
    assert.equal(mixed.gpus.length, 1);
    assert.match(mixed.problem ?? '', /device handle/);
  });
});

describe('GPU telemetry', { timeout: 60_000 }, () => {
  let telemetry: GpuTelemetry | null = null;
  afterEach(() => telemetry?.stop());

  it('gives the latest reading, and ends with its child', async () => {
    const command = fake(
      `i=0; while :; do i=$((i+1)); echo "${first}, 0, NVIDIA H200, $i, 1, 2, 3, 4"; sleep 0.05; done`,
    );
    telemetry = new GpuTelemetry({ uuid: first, command });
    const utilization = () => telemetry?.latest().gpus[0]?.utilizationPercent ?? 0;
    await until(() => utilization() > 3, 'readings come');
    assert.equal(telemetry.latest().problem, null);
    telemetry.stop();
    await until(() => processesWith(command).length === 0, 'the child is gone');
  });

  it('kills a child that has fallen silent, says so, and begins anew', async () => {
    const mark = join(folder, 'begun');
    const healed = `while :; do echo "${good}"; sleep 0.05; done`;
    const command = fake(
      `if [ -e ${mark} ]; then ${healed}; fi; touch ${mark}; echo "${good}"; exec sleep 700.${process.pid}`,
    );
    telemetry = new GpuTelemetry({ uuid: first, command, silentMs: 400 });
    await until(() => telemetry?.latest().gpus.length === 1, 'a reading has come');
    await until(() => /no reading for 400 ms/.test(telemetry?.latest().problem ?? ''), 'the silence is noticed');
    assert.ok(existsSync(mark));
    await until(() => processesWith(`sleep 700.${process.pid}`).length === 0, 'the silent child is killed');
    await until(() => telemetry?.latest().problem === null && telemetry.latest().gpus.length === 1, 'it is well again');
  });

  it('reports a GPU that vanishes while others go on', async () => {
    const gone = join(folder, 'gone');
    const two = `echo "${good}"; [ -e ${gone} ] || echo "${second}, 1, NVIDIA H200, 1, 2, 3, 4, 5"`;
    telemetry = new GpuTelemetry({ uuid: null, command: fake(`while :; do ${two}; sleep 0.05; done`), silentMs: 500 });
    await until(() => telemetry?.latest().gpus.length === 2, 'both are there');
    writeFileSync(gone, '');
    await until(() => /1 of 2 GPUs/.test(telemetry?.latest().problem ?? ''), 'one is missed');
    assert.deepEqual(
      telemetry.latest().gpus.map(({ uuid }) => uuid),
      [first],
    );
  });

  it('reports ERR! and garbage, and lives through a flood without line ends', async () => {
    telemetry = new GpuTelemetry({ uuid: null, command: fake(`while :; do echo "${bad}"; sleep 0.05; done`) });
    await until(() => /reports an error/.test(telemetry?.latest().problem ?? ''), 'ERR! is reported');
    telemetry.stop();
    telemetry = new GpuTelemetry({
      uuid: null,
      command: fake('echo "No devices were found"; exec cat /dev/zero'),
      silentMs: 500,
    });
    await until(() => /No devices/.test(telemetry?.latest().problem ?? ''), 'garbage is reported');
    await until(() => /no reading/.test(telemetry?.latest().problem ?? ''), 'a flood is silence');
    assert.ok(process.memoryUsage().rss < 600 * 1024 * 1024);
  });

  it('does without a driver', async () => {
    telemetry = new GpuTelemetry({ uuid: first, command: join(folder, 'missing') });
    await until(() => telemetry?.latest().problem !== null, 'its absence is reported');
  });
});

describe('a pool on a machine with GPUs', { timeout: 60_000 }, () => {
  it('pins slots one to one, runs the rest on CPUs, and passes telemetry on', async () => {
    const loop = 'while :; do print; sleep 0.1; done';
    fake(
      `print() { echo "${good}"; }; case "$*" in *-lms*) ${loop};; *) print; echo "${second}, 1, NVIDIA H200, 0, 0, 0, 0, 0";; esac`,
      'nvidia-smi',
    );
    const path = process.env.PATH ?? '';
    process.env.PATH = `${folder}${delimiter}${path}`;
    const fixture = await startPool({ slots: 3, gpuUuids: 'inventory' });
    try {
      assert.deepEqual(
        fixture.pool.status().map(({ gpuUuid }) => gpuUuid),
        [first, second, null],
      );
      await until(() => fixture.pool.slot(0).status().gpus[0]?.utilizationPercent === 37, 'telemetry arrives');
      assert.deepEqual(fixture.pool.slot(2).status().gpus, []);
      await fixture.pool.close();
      await until(() => processesWith(join(folder, 'nvidia-smi')).length === 0, 'no child is left');
    } finally {
      process.env.PATH = path;
      await fixture.dispose();
    }
  });
});
