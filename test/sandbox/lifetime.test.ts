import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cgroupParentsHere } from '../../server/worker/sandbox/cgroup.ts';
import { Janitor } from '../../server/worker/sandbox/janitor.ts';
import { driver, eventually, options, venv } from './fixture.ts';

const script = new URL('./doomedWorker.ts', import.meta.url).pathname;

function start(driverName: string, mark: string, task = '', prefix: string[] = []): ChildProcess {
  const [file = process.execPath, ...rest] = [...prefix, process.execPath, script, driverName, venv, mark, task];
  return spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function says(child: ChildProcess, word: string): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes(word)) return text;
  }
  throw new Error(`the worker ended without saying ${word}: ${text}`);
}

/** Processes that carry a mark in their command line or environment. */
function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      ['cmdline', 'environ'].some((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(mark);
        } catch {
          return false;
        }
      }),
    )
    .map(Number);
}

/** Folders and control groups that name the worker with this number as their owner. */
function leftOnDisk(pid: number): string[] {
  const parents = [tmpdir(), ...new Set(Object.values(cgroupParentsHere()?.folders ?? {}))];
  const owned = new RegExp(`^aira2-\\d+-${pid}-`);
  return parents.flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => owned.test(name))
      .map((name) => join(parent, name)),
  );
}

async function nothingLeft(pid: number, mark: string): Promise<void> {
  await eventually(() => marked(mark).length === 0, `processes ${marked(mark)} to end`);
  await eventually(() => leftOnDisk(pid).length === 0, `${leftOnDisk(pid)} to be removed`);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(`-${pid}-`));
}

describe('the life of a sandbox', { timeout: 150_000 }, () => {
  for (const name of driver.name === 'bwrap' ? ['bwrap', 'none'] : [driver.name]) {
    test(`SIGKILL of a busy worker leaves no process, mount, folder or control group (${name})`, async () => {
      const mark = `mark-${Math.random()}`;
      const child = start(name, mark);
      await says(child, 'ready');
      const pid = child.pid ?? 0;
      assert.ok(marked(mark).length >= 6, 'the mark finds the processes');
      assert.ok(leftOnDisk(pid).length >= 1);
      child.kill('SIGKILL');
      await nothingLeft(pid, mark);
    });
  }

  test('SIGKILL at any moment of the start leaves nothing either', async () => {
    for (let delay = 0; delay <= 100; delay += 10) {
      const mark = `mark-${Math.random()}`;
      const child = start(driver.name, mark);
      await says(child, 'starting');
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await nothingLeft(child.pid ?? 0, mark);
    }
  });

  test('an interrupt works although the worker was started with SIGINT ignored', async () => {
    const child = start(driver.name, 'x', 'interrupt', ['bash', '-c', 'trap "" INT QUIT; exec "$@"', 'x']);
    assert.match(await says(child, ']'), /interrupted \(SIGINT\)/);
    child.kill('SIGKILL');
  });

  test('kill() returns when nothing is left, and can be called again', async () => {
    const mark = `mark-${Math.random()}`;
    const sandbox = await driver.start(options({ environment: { AIRA_TEST_MARK: mark } }));
    await sandbox.spawn(['bash', '-c', 'sleep 900 & setsid sleep 900 & while :; do :; done']);
    const before = leftOnDisk(process.pid);
    assert.ok(before.length > 0);
    await Promise.all([sandbox.kill(), sandbox.kill()]);
    assert.deepEqual(marked(mark), []);
    assert.ok(sandbox.dead);
    await sandbox.kill();
    await assert.rejects(sandbox.spawn(['true']), { name: 'SandboxDeadError' });
    assert.ok(before.some((path) => !existsSync(path)));
  });

  test('what a dead worker and its dead janitor left is swept by the next worker, and nothing else is', () => {
    const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    const dead = join(tmpdir(), `aira2-${namespace}-4194000-1-gone00`);
    const foreign = join(tmpdir(), `aira2-1-4194000-1-other0`);
    for (const folder of [dead, foreign]) mkdirSync(folder, { recursive: true });
    Janitor.sweep(null);
    const left = [existsSync(dead), existsSync(foreign)];
    rmSync(foreign, { recursive: true });
    assert.deepEqual(left, [false, true]);
  });
});
