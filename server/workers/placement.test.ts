import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pinGpus } from './gpus.ts';
import { allowedCpus, divideCpus, parseCpuList } from './placement.ts';

describe('placement', () => {
  it("reads the kernel's list format", () => {
    assert.deepEqual(parseCpuList('0-3,8,10-11'), [0, 1, 2, 3, 8, 10, 11]);
    assert.deepEqual(parseCpuList('5'), [5]);
  });

  it('respects the CPUs this process was confined to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'status-'));
    const file = join(folder, 'status');
    writeFileSync(file, 'Name:\tnode\nCpus_allowed:\tf0\nCpus_allowed_list:\t4-7\nMems_allowed_list:\t0\n');
    assert.deepEqual(allowedCpus(file), [4, 5, 6, 7]);
    rmSync(folder, { recursive: true });
    assert.ok(allowedCpus().length > 0);
  });

  it('divides without overlap or waste, neighbours together', () => {
    assert.deepEqual(divideCpus([0, 1, 2, 3, 4, 5, 6], 3), [
      [0, 1, 2],
      [3, 4],
      [5, 6],
    ]);
    assert.deepEqual(divideCpus([7, 2], 2), [[2], [7]]);
    for (let cpus = 1; cpus < 20; cpus += 1) {
      for (let slots = 1; slots <= cpus; slots += 1) {
        const all = Array.from({ length: cpus }, (_, cpu) => cpu);
        const lists = divideCpus(all, slots);
        assert.deepEqual(lists.flat(), all);
        const sizes = lists.map((list) => list.length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      }
    }
  });

  it('shares single CPUs in turn when there are more slots than CPUs', () => {
    assert.deepEqual(divideCpus([3, 9], 5), [[3], [9], [3], [9], [3]]);
  });

  it('pins slots to GPUs one to one, and the rest to none', () => {
    const gpu = (index: number) => ({
      uuid: `GPU-${index}`,
      index,
      name: 'x',
      utilizationPercent: null,
      memoryUsedMb: null,
      memoryTotalMb: null,
      temperatureC: null,
      powerW: null,
    });
    assert.deepEqual(pinGpus([gpu(1), gpu(0)], 3), ['GPU-0', 'GPU-1', null]);
    assert.deepEqual(pinGpus([], 2), [null, null]);
  });
});
