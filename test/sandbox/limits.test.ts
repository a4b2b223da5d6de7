import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noMemoryLimit, sh, startSandbox } from './fixture.ts';

describe('limits', { timeout: 120_000 }, () => {
  test('each writable folder takes what it may, and no more', async () => {
    const sandbox = await startSandbox();
    for (const folder of ['/workspace', '/out', '/tmp', '/root']) {
      const { text } = await sh(
        sandbox,
        `head -c 100M /dev/zero >${folder}/big; stat -c %s ${folder}/big; rm ${folder}/big`,
      );
      assert.match(text, /No space left on device\n67108864\n/, folder);
    }
    // A sparse file takes no room; reading it into the folder does.
    assert.match((await sh(sandbox, 'truncate -s 1T /tmp/s && cp --sparse=never /tmp/s /tmp/t')).text, /No space left/);
  });

  test('a million empty files run into the memory limit or the folder, not into the host', {
    skip: noMemoryLimit,
  }, async () => {
    const sandbox = await startSandbox({ limits: { cpus: 2, memoryMb: 150, diskMb: 64, pids: 64 } });
    const code = 'i = 0\nwhile i < 10**6:\n    open(f"/tmp/{i}", "w").close(); i += 1\nprint("all")';
    const { text, code: status } = await sh(sandbox, `python -c '${code}'`);
    assert.ok(!text.includes('all'), text);
    assert.notEqual(status, 0);
    assert.ok((sandbox.peakMemoryMb() ?? 0) <= 151);
  });

  test('memory: only who asks for too much is killed, and it is counted', { skip: noMemoryLimit }, async () => {
    const sandbox = await startSandbox({ limits: { cpus: 2, memoryMb: 200, diskMb: 64, pids: 64 } });
    const sleeper = await sandbox.spawn(['sleep', '100']);
    assert.equal(sandbox.outOfMemoryKills(), 0);
    const { code } = await sh(sandbox, 'python -c "a = bytearray(10**9)"; echo status $? >/workspace/s; exit 3');
    assert.equal(code, 3);
    assert.equal((await sh(sandbox, 'cat /workspace/s')).text, 'status 137\n');
    assert.ok(sandbox.outOfMemoryKills() >= 1);
    const peak = sandbox.peakMemoryMb() ?? 0;
    assert.ok(peak > 100 && peak <= 200, `${peak}`);
    assert.ok((await sandbox.processes()).some(({ pid }) => pid === sleeper.pid));
  });

  test('memory: a sandbox full of files still answers', { skip: noMemoryLimit }, async () => {
    const sandbox = await startSandbox({ limits: { cpus: 2, memoryMb: 100, diskMb: 400, pids: 64 } });
    assert.match((await sh(sandbox, 'head -c 300M /dev/zero >/workspace/big')).text, /No space left/);
    assert.equal((await sh(sandbox, 'rm -f /workspace/big; echo fine')).text, 'fine\n');
  });

  test('a fork bomb stops at the limit, and leaves the neighbour its processes', async () => {
    const bombed = await startSandbox({ limits: { cpus: 2, memoryMb: 200, diskMb: 16, pids: 40 } });
    const neighbour = await startSandbox();
    const bomb =
      'import os, time\nn = 0\ntry:\n  while n < 5000:\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n    n += 1\n' +
      'except OSError as error: print(n, error.strerror, flush=True)\nos.kill(0, 9)';
    const { text } = await sh(bombed, `setsid -w python -c '${bomb}'`);
    const [count, ...why] = text.trim().split(' ');
    assert.equal(why.join(' '), 'Resource temporarily unavailable');
    assert.ok(Number(count) > 10 && Number(count) < 40, text);
    // The bomb that every shell knows runs on until the sandbox is killed.
    await bombed.spawn(['bash', '-c', ':(){ :|:& };:']);
    const begun = performance.now();
    assert.equal((await sh(neighbour, 'for i in 1 2 3 4 5; do /bin/true; done; echo fine')).text, 'fine\n');
    assert.ok(performance.now() - begun < 10_000);
    await bombed.kill();
    assert.deepEqual(await bombed.processes(), []);
  });

  test('programs are told how many CPUs they may use', async () => {
    const one = await startSandbox({ limits: { cpus: 1, memoryMb: 400, diskMb: 16, pids: 64 }, cpuList: [0] });
    assert.equal(
      (await sh(one, 'nproc; echo $OMP_NUM_THREADS; python -c "import os; print(len(os.sched_getaffinity(0)))"')).text,
      '1\n1\n1\n',
    );
  });
});
