/** A client that is stopped, as a laptop that sleeps: nothing piles up for it, and it misses nothing when it wakes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { RunStore } from '../../server/store/runStore.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { runStarted } from '../support/candidates.ts';
import { followerProgram } from '../support/followerProcess.ts';

const run = '20260104-000000-toy-a001';
const padding = 'x'.repeat(2000);
let server: TestServer;
let store: RunStore;

before(async () => {
  server = await TestServer.inNewHome();
  store = await RunStore.create(server.home, run, runStarted());
  await server.start();
});
after(async () => {
  await store?.close();
  await server?.[Symbol.asyncDispose]();
});

/** Each a request of its own: the summary does not grow with them. */
async function append(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 500)
    await Promise.all(
      Array.from({ length: Math.min(500, left) }, () =>
        store.append({ type: 'request_dropped', request: padding, reason: 'test' }),
      ),
    );
}

/** Resident memory of a process, in MiB. */
function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

describe('a client that sleeps', { timeout: 900_000 }, () => {
  it('wakes to every event once and in order, and has cost the server nothing meanwhile', async () => {
    const { pid } = await server.discovery();
    const child = execa(process.execPath, [followerProgram, server.home, run], { reject: false, buffer: false });
    const lines: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString('utf8').split('\n').filter(Boolean)));
    const lastTold = () => Number(lines.at(-1)?.split(' ').at(-1) ?? 0);
    try {
      await until('the snapshot', () => lines.length > 0, 240_000);
      await append(100);
      await until('the first events', () => lastTold() >= 101, 120_000);
      const before = residentMb(pid);
      child.kill('SIGSTOP');
      // 40 MB: far more than sockets and the server's patience hold.
      await append(20_000);
      await sleep(10_000);
      assert.ok(residentMb(pid) - before < 150, `the server grew from ${before} to ${residentMb(pid)} MiB`);
      child.kill('SIGCONT');
      await until('all events', () => lastTold() >= 20_101, 240_000);
      let seen = 1;
      for (const line of lines) {
        const [first, last] = line.split(' ');
        if (first === 'reset') continue;
        assert.equal(Number(first), seen + 1, `after ${seen} came ${line}`);
        seen = Number(last);
      }
      assert.equal(lines.filter((line) => line.startsWith('reset')).length, 1, 'it went on where it was');
    } finally {
      child.kill('SIGKILL');
      await child;
    }
  });
});
