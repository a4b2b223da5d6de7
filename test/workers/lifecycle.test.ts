import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, statfs, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { WorkerConfig } from '../../protocol/worker.ts';
import { WorkerLostError, WorkerStartError } from '../../server/workers/errors.ts';
import { LocalLauncher } from '../../server/workers/localLauncher.ts';
import {
  bash,
  evaluate,
  isAlive,
  ofType,
  pidOf,
  processesWith,
  spec,
  startPool,
  textOf,
  until,
} from './poolFixture.ts';

describe('a worker', { timeout: 120_000 }, () => {
  it('is interrupted when its caller gives up, and its session keeps its state', async () => {
    const fixture = await startPool();
    try {
      const slot = fixture.pool.slot(0);
      await slot.openSession('agent', spec);
      const abort = new AbortController();
      const command = `x=kept; echo run >> ${fixture.path('runs')}; sleep 1000`;
      const running = slot.execute('e1', bash('agent', command), { signal: abort.signal });
      await until(() => fixture.lines('runs').length === 1, 'it runs');
      abort.abort(new Error('the person stopped it'));
      await assert.rejects(running, /the person stopped it/);
      assert.match(textOf(await slot.execute('e2', bash('agent', 'echo $x'))), /kept/);
      const evaluating = slot.execute('e3', evaluate('sleep 1000'), { signal: AbortSignal.timeout(300) });
      await assert.rejects(evaluating, { name: 'TimeoutError' });
      const never = slot.execute('e4', evaluate('true'), { signal: AbortSignal.abort(new Error('too late')) });
      await assert.rejects(never, /too late/);
      assert.deepEqual(slot.status().running, []);
      assert.deepEqual(slot.unclaimed(), []);
    } finally {
      await fixture.dispose();
    }
  });

  it('forgets a closed session with all its processes, and refuses it from then on', async () => {
    const fixture = await startPool();
    try {
      const slot = fixture.pool.slot(0);
      await slot.openSession('agent', spec);
      const seconds = `${200_000 + process.pid}.1`;
      await slot.execute('e1', bash('agent', `setsid sleep ${seconds} & echo started`));
      await until(() => processesWith(seconds).length > 0, 'it sleeps');
      await slot.closeSession('agent');
      await until(() => processesWith(seconds).length === 0, 'it is gone');
      await assert.rejects(slot.execute('e2', bash('agent', 'true')), WorkerLostError);
      await slot.closeSession('agent');
      assert.equal((await slot.openSession('agent', spec)).kept, false);
    } finally {
      await fixture.dispose();
    }
  });

  it('forwards live output, bounded', async () => {
    const fixture = await startPool();
    try {
      const slot = fixture.pool.slot(0);
      await slot.openSession('agent', spec);
      const pieces: string[] = [];
      const command = 'for i in 1 2 3 4; do echo "tick $i"; sleep 0.3; done; head -c 3000000 /dev/zero | tr "\\0" x';
      await slot.execute('e1', bash('agent', command), { onOutput: (text) => pieces.push(text) });
      assert.ok(pieces.some((piece) => piece.includes('tick 1')));
      assert.ok(pieces.length < 100, `${pieces.length} pieces`);
      assert.ok(pieces.every((piece) => piece.length <= 4096));
    } finally {
      await fixture.dispose();
    }
  });

  it("does not see the server's secrets, and does not die with its terminal", async () => {
    process.env.GEMINI_API_KEY = 'canary-of-this-test';
    const fixture = await startPool();
    try {
      const pid = pidOf(fixture);
      const proc = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
      assert.doesNotMatch(proc('environ'), /canary-of-this-test/);
      const config = readFileSync(join(fixture.directory, 'run', 'workers', 'slot-0.json'), 'utf8');
      const { token } = JSON.parse(config);
      assert.ok(!proc('cmdline').includes(token) && !proc('environ').includes(token));
      const fields = proc('stat')
        .slice(proc('stat').lastIndexOf(')') + 2)
        .split(' ');
      assert.equal(Number(fields[3]), pid, 'it leads a session of its own: Ctrl-C at the server does not reach it');
    } finally {
      delete process.env.GEMINI_API_KEY;
      await fixture.dispose();
    }
  });

  it('gives up without a server when its grace is over, and takes its sandboxes along', async () => {
    const fixture = await startPool({ timing: { graceMs: 700 } });
    try {
      const slot = fixture.pool.slot(0);
      await slot.openSession('agent', spec);
      const seconds = `${300_000 + process.pid}.1`;
      await slot.execute('e1', bash('agent', `sleep ${seconds} & echo started`));
      const pid = pidOf(fixture);
      fixture.pool.detach();
      await fixture.endpoint.close();
      await until(() => !isAlive(pid), 'it gives up');
      await until(() => processesWith(seconds).length === 0, 'its sandbox is dead');
      await fixture.restart();
      assert.equal(ofType(fixture.events, 'slot_ready').at(-1)?.adopted, false);
    } finally {
      await fixture.dispose();
    }
  });

  it("killed by SIGTERM ends in order, and what it killed is never a program's failure", async () => {
    const fixture = await startPool();
    try {
      const slot = fixture.pool.slot(0);
      const seconds = `${400_000 + process.pid}.1`;
      const running = slot.execute('e1', evaluate(`sleep ${seconds}`));
      const rejected = assert.rejects(running, WorkerLostError);
      await until(() => processesWith(seconds).length > 0, 'it runs');
      process.kill(pidOf(fixture), 'SIGTERM');
      await rejected;
      await until(() => processesWith(seconds).length === 0, 'its sandbox is dead');
      const again = await slot.execute('e1', evaluate('exit 0'));
      assert.ok(again.kind === 'evaluated' && again.exitCode === 0);
    } finally {
      await fixture.dispose();
    }
  });
});

describe('a restarted server', { timeout: 120_000 }, () => {
  it('replaces a worker that was launched for other CPUs, and ends those beyond its slots', async () => {
    const fixture = await startPool({ slots: 2, cpuLists: [[0], [0]] });
    try {
      const pids = [pidOf(fixture, 0), pidOf(fixture, 1)];
      fixture.pool.detach();
      await fixture.restart({ slots: 1, cpuLists: [[0, 1]] });
      assert.deepEqual(pids.map(isAlive), [false, false]);
      assert.equal(ofType(fixture.events, 'slot_ready').at(-1)?.adopted, false);
      assert.ok(!existsSync(join(fixture.directory, 'run', 'workers', 'slot-1.json')));
    } finally {
      await fixture.dispose();
    }
  });

  it('does not take a process for its worker because of its number', async () => {
    const fixture = await startPool();
    try {
      const pid = pidOf(fixture);
      fixture.pool.detach();
      process.kill(pid, 'SIGKILL');
      await until(() => !isAlive(pid), 'the worker is dead');
      const path = join(fixture.directory, 'run', 'workers', 'slot-0.json');
      const record = JSON.parse(readFileSync(path, 'utf8'));
      const bystander = spawn('sleep', ['1000']);
      record.process.pid = bystander.pid;
      writeFileSync(path, JSON.stringify(record));
      await fixture.restart();
      assert.equal(isAlive(bystander.pid ?? 0), true, 'the bystander lives');
      bystander.kill('SIGKILL');
    } finally {
      await fixture.dispose();
    }
  });
});

describe('a worker that does not start', { timeout: 120_000 }, () => {
  const cases: [string, string, RegExp][] = [
    ['dies at once', 'console.error("no such library"); process.exit(7);', /ended at once[\s\S]*no such library/],
    [
      'hangs',
      'console.error("still thinking"); setInterval(() => {}, 1000);',
      /no hello within 3000 ms[\s\S]*still thinking/,
    ],
  ];
  for (const [what, program, expected] of cases) {
    it(`because it ${what} is reported with its last words, and nothing is left running`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'main-'));
      const main = join(folder, `main-${what.replaceAll(' ', '-')}.mjs`);
      await writeFile(main, program);
      await assert.rejects(startPool({ launcher: new LocalLauncher(main), timing: { helloMs: 3000 } }), (error) => {
        assert.ok(error instanceof WorkerStartError);
        assert.match(error.message, expected);
        return true;
      });
      assert.deepEqual(processesWith(main), []);
      await rm(folder, { recursive: true });
    });
  }

  it('because it is killed on the way is launched again, and not for ever', async () => {
    class Killer extends LocalLauncher {
      launched = 0;
      readonly #kills: number;
      constructor(kills: number) {
        super();
        this.#kills = kills;
      }
      override async launch(config: WorkerConfig) {
        const id = await super.launch(config);
        this.launched += 1;
        if (this.launched <= this.#kills) process.kill(id.pid, 'SIGKILL');
        return id;
      }
    }
    const twice = new Killer(2);
    const fixture = await startPool({ launcher: twice });
    try {
      assert.equal(twice.launched, 3);
      await fixture.pool.slot(0).openSession('agent', spec);
      assert.match(textOf(await fixture.pool.slot(0).execute('e1', bash('agent', 'echo alive'))), /alive/);
    } finally {
      await fixture.dispose();
    }
    const always = new Killer(100);
    await assert.rejects(startPool({ launcher: always }), WorkerStartError);
    assert.equal(always.launched, 3);
  });

  it('because nobody configures it says so and ends', async () => {
    const main = fileURLToPath(new URL('../../server/worker/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.end('{"slot": -1}\n');
    let words = '';
    child.stderr.on('data', (chunk) => {
      words += chunk;
    });
    const [status] = await once(child, 'close', { signal: AbortSignal.timeout(30_000) });
    assert.equal(status, 2);
    assert.match(words, /^aira2 worker: the configuration/);
  });
});

describe('a full disk', { timeout: 120_000 }, () => {
  it('withholds a result rather than send what is not journalled, and heals when there is room', async (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('only root can mount a small file system');
      return;
    }
    const directory = await mkdtemp(join(tmpdir(), 'full-'));
    const small = join(directory, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', small]);
    try {
      const fixture = await startPool({ stateDirectory: small });
      try {
        const slot = fixture.pool.slot(0);
        await slot.openSession('agent', spec);
        await slot.execute('before', bash('agent', 'echo fine'));
        const filler = join(small, 'filler');
        const { bavail, bsize } = await statfs(small);
        await writeFile(filler, Buffer.alloc(bavail * bsize));
        await assert.rejects(slot.execute('full', bash('agent', 'head -c 9000 /dev/zero | tr "\\0" y; n=1')), {
          name: 'WorkerDiskFullError',
          message: /cannot write the journal: ENOSPC[\s\S]*Free some space/,
        });
        await unlink(filler);
        assert.match(textOf(await slot.execute('after', bash('agent', 'echo n=$n'))), /n=1/);
        fixture.pool.detach();
        await fixture.restart({ stateDirectory: small });
        assert.equal(ofType(fixture.events, 'slot_ready').at(-1)?.adopted, true);
      } finally {
        await fixture.dispose();
      }
    } finally {
      // Lazily: the janitor of the last worker may still stand in it.
      execFileSync('umount', ['--lazy', small]);
      await rm(directory, { recursive: true });
    }
  });
});

describe('the log of a worker', () => {
  it('stays bounded, and keeps the newest words', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'log-'));
    const file = join(directory, 'worker.log');
    const module = new URL('../../server/worker/boundedLog.ts', import.meta.url).href;
    const program = `import { boundedLog } from ${JSON.stringify(module)};
      const log = boundedLog(${JSON.stringify(file)}, 20000);
      for (let i = 0; i < 2000; i += 1) log.info({ i }, 'a line of some length, so that it fills up');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', openSync(file, 'a')],
    });
    await once(child, 'close');
    assert.ok(statSync(file).size < 25_000 && statSync(`${file}.1`).size < 25_000);
    assert.match(readFileSync(file, 'utf8'), /"i":1999/);
    await rm(directory, { recursive: true });
  });
});
