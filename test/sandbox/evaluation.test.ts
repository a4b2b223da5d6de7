import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type EvaluationResult, runEvaluation } from '../../server/worker/evaluation.ts';
import { NoneDriver } from '../../server/worker/sandbox/none.ts';
import type { SandboxDriver } from '../../server/worker/sandbox/sandbox.ts';
import { driver, file, limits, noMemoryLimit, slot, spec } from './fixture.ts';

interface Change {
  timeoutMs?: number;
  signal?: AbortSignal;
  onOutput?: (text: string) => void;
  command?: string[];
  on?: SandboxDriver;
}

function evaluate(program: string, change: Change = {}): Promise<EvaluationResult> {
  const files = [
    file('solution.py', `import os, sys\nout = os.environ["AIRA_OUT_DIR"] + "/predictions.csv"\n${program}`),
  ];
  const { timeoutMs = 30_000, signal, onOutput, command = ['python', 'solution.py'], on = driver } = change;
  const environment = { AIRA_OUT_DIR: '/out' };
  return runEvaluation(
    on,
    {
      kind: 'evaluate',
      spec: spec({ files, environment }),
      command,
      timeoutMs,
      output: 'predictions.csv',
      maxOutputBytes: 1_000_000,
    },
    { id: 'evaluation', ...slot, signal, onOutput },
  );
}

async function evaluated(program: string, change: Change = {}) {
  const result = await evaluate(program, change);
  if (result.kind !== 'evaluated') throw new Error(result.message);
  return {
    ...result,
    output:
      result.outputGzipBase64 === null ? null : gunzipSync(Buffer.from(result.outputGzipBase64, 'base64')).toString(),
  };
}

const write = 'open(out, "w").write("id,y\\n1,2\\n")\n';

for (const [name, on] of [
  [driver.name, driver],
  ...(driver.name === 'bwrap' ? [['none', new NoneDriver()] as const] : []),
] as const) {
  describe(`evaluation (${name})`, { timeout: 120_000 }, () => {
    test('hands out what the program wrote, with its log, its status and its time', async () => {
      const result = await evaluated(`${write}print("to out")\nprint("to err", file=sys.stderr)`, { on });
      assert.deepEqual(
        [result.exitCode, result.timedOut, result.outOfMemory, result.outputProblem],
        [0, false, false, null],
      );
      assert.equal(result.output, 'id,y\n1,2\n');
      assert.match(result.log, /to out\n(.|\n)*to err\n|to err\n(.|\n)*to out\n/);
      assert.ok(result.durationMs > 5 && result.durationMs < 20_000);
    });

    const problems: [what: string, program: string, problem: RegExp][] = [
      ['nothing', '', /predictions\.csv does not exist/],
      ['a symbolic link to a file of the host', 'os.symlink("/etc/passwd", out)', /is a symbolic link/],
      ['a symbolic link to itself', 'os.symlink(out, out)', /is a symbolic link/],
      ['a hard link', 'open(out, "w").write("x"); os.link(out, out + "2")', /hard links/],
      ['a named pipe', 'os.mkfifo(out)', /is not a regular file/],
      ['a folder', 'os.mkdir(out)', /is not a regular file/],
      ['a socket', 'import socket; socket.socket(socket.AF_UNIX).bind(out)', /is not a regular file|cannot be opened/],
      [
        'a sparse file of 1 TB',
        'open(out, "w").truncate(10**12)',
        /has 1,000,000,000,000 bytes; at most 1,000,000 are taken/,
      ],
      ['a file a little too large', 'open(out, "w").write("x" * 1000001)', /1,000,001 bytes/],
    ];
    for (const [what, program, problem] of problems) {
      test(`takes no output from a program that leaves ${what}`, async () => {
        const result = await evaluated(program, { on });
        assert.deepEqual([result.exitCode, result.output], [0, null]);
        assert.match(result.outputProblem ?? '', problem);
      });
    }

    test('a failing program has its status and its traceback', async () => {
      const result = await evaluated(`${write}1 / 0`, { on });
      assert.equal(result.exitCode, 1);
      assert.match(result.log, /ZeroDivisionError/);
      assert.equal((await evaluated('os.abort()', { on })).exitCode, 134);
      assert.equal((await evaluated('', { on, command: ['no-such-program'] })).exitCode, 127);
    });

    test('time is enforced from outside, and what was written before does not count', async () => {
      const program = `${write}import signal, time\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\nprint("began", flush=True)\ntime.sleep(99)`;
      const result = await evaluated(program, { on, timeoutMs: 2500 });
      assert.deepEqual([result.timedOut, result.exitCode, result.output], [true, null, null]);
      assert.match(result.outputProblem ?? '', /was stopped after 2\.5 s/);
      assert.match(result.log, /began/);
      assert.ok(result.durationMs >= 2490 && result.durationMs < 7_000);
    });

    test('daemons are dead before the output is read, and cannot change it', async () => {
      const daemon = 'while True: open(out, "a").write("forged")';
      const program = `${write}
import subprocess, time
for i in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            out = out
            ${daemon}
        os._exit(0)
subprocess.Popen(["sleep", "99"], start_new_session=True)
time.sleep(0.05)
os.unlink(out)
${write}os._exit(0)`;
      const result = await evaluated(program, { on });
      assert.ok(/^id,y\n1,2\n[forged]*$/.test(result.output ?? ''));
      assert.equal(result.exitCode, 0);
    });

    test('a program that kills its supervisor has no output, and is not a fault of the machine', async () => {
      const result = await evaluated(`${write}import signal\nos.kill(os.getppid(), signal.SIGKILL)`, { on });
      assert.deepEqual([result.exitCode, result.output], [null, null]);
      assert.match(result.outputProblem ?? '', /ended the process that watches it/);
    });

    test('a program that forges the end of itself is killed at once', async () => {
      const forge = `${write}import time\nopen(f"/proc/{os.getppid()}/fd/1", "wb", buffering=0).write(b'{"event": "ended", "code": 0, "ms": 1}\\n')\ntime.sleep(60)`;
      const begun = performance.now();
      const result = await evaluated(forge, { on });
      assert.equal(result.output, 'id,y\n1,2\n');
      assert.ok(performance.now() - begun < 20_000);
    });

    test('the log of a program that floods it is bounded', async () => {
      const result = await evaluated(`${write}for i in range(20000): print("x" * 1000)\nprint("the end")`, { on });
      assert.ok(result.log.length < 25_000);
      assert.match(result.log, /bytes left out here(.|\n)*the end\n$/);
      assert.equal(result.output, 'id,y\n1,2\n');
    });

    test('cancelling kills the sandbox and is no result of the program', async () => {
      const stop = new AbortController();
      const running = evaluate('import time\nprint("on", flush=True)\ntime.sleep(99)', {
        on,
        signal: stop.signal,
        onOutput: () => stop.abort(),
      });
      const result = await running;
      assert.deepEqual(result, { kind: 'infrastructure_error', message: 'the evaluation was cancelled' });
    });
  });
}

describe('evaluation from a clean slate', { timeout: 60_000 }, () => {
  test('a second evaluation sees nothing of the first', async () => {
    const everywhere = '["/workspace", "/tmp", "/out", "/root", "/dev/shm", "/var/tmp"]';
    await evaluated(`for d in ${everywhere}: open(d + "/left", "w").write("behind")`);
    const result = await evaluated(`print([d for d in ${everywhere} if os.path.exists(d + "/left")])`);
    assert.equal(result.log, '[]\n');
    assert.match(result.outputProblem ?? '', /does not exist/);
  });

  test('memory: who asks for too much is told apart from who fails', { skip: noMemoryLimit }, async () => {
    const result = await evaluated('a = bytearray(2 * 10**9)');
    assert.deepEqual([result.exitCode, result.outOfMemory, result.output], [137, true, null]);
    assert.ok((result.peakMemoryMb ?? 0) > limits.memoryMb * 0.9);
    const fine = await evaluated(`${write}a = bytearray(10**8)`);
    assert.deepEqual([fine.outOfMemory, fine.output], [false, 'id,y\n1,2\n']);
    assert.ok((fine.peakMemoryMb ?? 0) > 90);
  });

  test('a bomb zipped into the stream of the supervisor is not passed on', async () => {
    const bomb = `import gzip, time
stream = open(f"/proc/{os.getppid()}/fd/1", "wb", buffering=0)
stream.write(b'{"event": "ended", "code": 0, "ms": 1}\\n{"event": "output"}\\n' + gzip.compress(b"0" * 100000000))
time.sleep(5)`;
    const result = await evaluated(bomb);
    assert.equal(result.output, null);
    assert.match(result.outputProblem ?? '', /came out broken, or larger than 1,000,000 bytes/);
  });

  test('a sandbox that cannot start is a fault of the machine', async () => {
    const mounts = [{ source: '/nonexistent', target: '/data' }];
    const request = {
      kind: 'evaluate' as const,
      spec: spec({ mounts }),
      command: ['true'],
      timeoutMs: 1000,
      output: 'x',
      maxOutputBytes: 1,
    };
    const result = await runEvaluation(driver, request, { id: 'x', ...slot });
    assert.equal(result.kind, 'infrastructure_error');
  });
});
