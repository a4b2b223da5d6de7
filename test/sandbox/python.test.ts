import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Sandbox } from '../../server/worker/sandbox/sandbox.ts';
import { BashSession } from '../../server/worker/sessions/bash.ts';
import { interruptGraceMs, PythonSession } from '../../server/worker/sessions/python.ts';
import type { ToolResult } from '../../server/worker/sessions/toolResult.ts';
import { pace } from '../support/pace.ts';
import { driver, eventually, noMemoryLimit, openAgent, options } from './fixture.ts';

describe('python', { timeout: 300_000 }, () => {
  let sandbox: Sandbox;
  let python: PythonSession;
  let bash: BashSession;
  let files = 0;
  before(async () => {
    sandbox = await driver.start(options());
    const name = () => `${++files}.txt`;
    bash = await BashSession.open(sandbox, name);
    python = new PythonSession(sandbox, name);
  });
  after(() => sandbox.kill());

  const run = (code: string, timeoutMs = 30_000): Promise<ToolResult> => python.run(code, { timeoutMs });
  const text = async (code: string): Promise<string> => (await run(code)).text;
  /** Of the kernel's own: nothing but a file has it go on, which `goOn` makes. */
  const thread = (file: string, then: string) =>
    `import os, threading, time
def awaiting():
    while not os.path.exists("${file}"): time.sleep(0.02)
    ${then}
threading.Thread(target=awaiting).start()`;
  const goOn = (file: string) => bash.run(`touch ${file}`, { timeoutMs: 20_000 });
  const works = async (): Promise<void> => assert.equal(await text('print(40 + 2)'), '42\n');

  test('keeps variables and imports, and shows the value of the last line', async () => {
    await run('import math\nx = [1, 2]');
    assert.equal(await text('x.append(3)\nmath.floor(2.5), x'), '(2, [1, 2, 3])\n');
  });

  test('shows printed text, errors and results in the order in which they came', async () => {
    const code = 'import sys\nprint("a")\nprint("b", file=sys.stderr)\nprint("c")\n7';
    assert.equal(await text(code), 'a\nb\nc\n7\n');
  });

  test('shows a traceback without colours, with the line that failed', async () => {
    const result = await run('def f():\n    return 1 / 0\nf()');
    assert.equal(result.outcome, 'error');
    assert.match(result.text, /----> 2 +return 1 \/ 0|return 1 \/ 0/);
    assert.match(result.text, /ZeroDivisionError: division by zero/);
    assert.ok(!result.text.includes('\u001b'));
    assert.match(await text('def g(:'), /SyntaxError/);
  });

  test('shows what a subprocess prints', async () => {
    assert.equal(await text('import subprocess\n_ = subprocess.run(["echo", "from a child"])'), 'from a child\n');
  });

  test('input() fails at once instead of waiting for somebody', async () => {
    const result = await run('input("name? ")', 10_000);
    assert.equal(result.outcome, 'error');
    assert.match(result.text, /StdinNotImplementedError/);
    assert.ok(result.durationMs < 5_000);
  });

  test('a picture becomes a note, and a table becomes text', async () => {
    const picture = 'from IPython.display import Image, display\ndisplay(Image(data=b"1234", format="png"))';
    assert.match(await text(picture), /\[image\/png of \d+ characters is not shown: save it to a file\]/);
    assert.match(await text('import pandas as pd\npd.DataFrame({"a": [1, 2]})'), / +a\n0 +1\n1 +2\n/);
  });

  test('shares its files with bash', async () => {
    await run('open("/workspace/shared.txt", "w").write("from python")');
    assert.equal((await bash.run('cat shared.txt', { timeoutMs: 20_000 })).text, 'from python');
  });

  test('reports what a thread prints late apart, and before the next result', async () => {
    await run(thread('/tmp/say', 'print("late", flush=True); open("/tmp/said", "w").close()'));
    await goOn('/tmp/say');
    await bash.run('until [ -e /tmp/said ]; do sleep 0.02; done', { timeoutMs: 20_000 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(
      await text('1'),
      '[Output of background processes since the last call]\nlate\n[End of that output]\n1\n',
    );
  });

  test('shows head and tail of 20 MB and keeps all of it as a file', async () => {
    const result = await run('print("x" * 10 ** 7 + "\\n" + "y" * 10 ** 7)');
    assert.ok(result.text.length < 41_000);
    assert.match(result.text, /^x+\n\[\.\.\. .* bytes left out here; the full text is in .*\]\ny+\n$/);
    assert.equal((await bash.run(`wc -c <${result.fullTextPath}`, { timeoutMs: 20_000 })).text, '20000002\n');
  });

  test('interrupts Python code when its time is up, and keeps the variables', async () => {
    await run('kept = 5');
    for (const code of ['while True: pass', 'import time; time.sleep(99)', '!sleep 99']) {
      const result = await run(code, 300);
      assert.equal(result.outcome, 'timeout', result.text);
      assert.match(result.text, /\[Timed out after 0\.3 s: the code was interrupted; variables are kept\]$/);
    }
    assert.equal(await text('kept'), '5\n');
  });

  test('kills the kernel when native code does not stop, says so, and queues nothing', async () => {
    const result = await run('sum(range(10 ** 11))', 300);
    assert.equal(result.outcome, 'session_lost');
    assert.match(result.text, /did not stop when interrupted, so the kernel was killed\. All its variables/);
    assert.ok(result.durationMs < 300 + interruptGraceMs + 2000 * pace());
    await works();
    assert.match(await text('kept'), /NameError/);
  });

  test('code that swallows the interrupt is killed with its children', async () => {
    const code =
      'import subprocess, time\nsubprocess.Popen(["sleep", "777"])\nwhile True:\n' +
      '    try: time.sleep(9)\n    except KeyboardInterrupt: pass';
    assert.equal((await run(code, 300)).outcome, 'session_lost');
    // Killed already, and on the way out.
    await eventually(async () => {
      const left = (await sandbox.processes()).map(({ name }) => name);
      return !left.includes('sleep') && !left.some((name) => name.startsWith('python'));
    }, 'kernel and children to end');
    await works();
  });

  test('can be interrupted from outside, even while the kernel is starting', async () => {
    const stop = new AbortController();
    const asked = setTimeout(() => stop.abort(), 60_000);
    assert.equal((await python.run('time.sleep(99)', { timeoutMs: 90_000, signal: stop.signal })).outcome, 'error');
    clearTimeout(asked);
    const other = new AbortController();
    setTimeout(() => other.abort(), 300);
    const result = await python.run('import time; time.sleep(99)', { timeoutMs: 90_000, signal: other.signal });
    assert.equal(result.outcome, 'interrupted');
    const fresh = new PythonSession(sandbox, () => 'x.txt');
    const early = await fresh.run('import time; time.sleep(99)', { timeoutMs: 90_000, signal: AbortSignal.abort() });
    assert.equal(early.outcome, 'interrupted');
    await (await fresh.ready()).kill();
  });

  const deaths: [what: string, code: string, cause: RegExp][] = [
    [
      'os._exit',
      'import os; print("last"); import sys; sys.stdout.flush(); import time; time.sleep(0.3); os._exit(7)',
      /last\n(.|\n)*exited with status 7/,
    ],
    ['a segmentation fault', 'import ctypes; ctypes.string_at(0)', /SIGSEGV/],
    ['abort', 'import os; os.abort()', /SIGABRT/],
    ['SIGKILL of itself', 'import os; os.kill(os.getpid(), 9)', /SIGKILL/],
    ['the death of its driver', 'import os; os.kill(os.getppid(), 9)', /killed together with its driver/],
  ];
  for (const [what, code, cause] of deaths) {
    test(`tells at once when the kernel dies of ${what}, and bash lives on`, async () => {
      await bash.run('marker=here', { timeoutMs: 20_000 });
      await works();
      const result = await run(code);
      assert.equal(result.outcome, 'session_lost');
      assert.match(result.text, cause);
      assert.match(result.text, /variables and imports are lost; files are kept/);
      // From its death on, without the time that the code itself takes.
      assert.ok(result.durationMs < 3_000 * pace(), `${result.durationMs} ms`);
      assert.equal((await bash.run('echo $marker', { timeoutMs: 20_000 })).text, 'here\n');
      await works();
    });
  }

  test('an interrupt that comes before the code has begun ends it, and costs no kernel', async () => {
    await run('kept = "kept"');
    for (let timeoutMs = 1; timeoutMs < 16; timeoutMs += 1) {
      const result = await run('import time; time.sleep(30)', timeoutMs);
      assert.equal(result.outcome, 'timeout', result.text);
      assert.match(result.text, /the code was interrupted; variables are kept/);
    }
    assert.equal(await text('print(kept)'), 'kept\n');
  });

  test('an interrupt that comes as the kernel is about to tell of the end costs no kernel', async () => {
    const dawdle = `import time
session = get_ipython().kernel.session
send = session.send
def slow(stream, kind, *more, **named):
    if kind == "execute_reply":
        session.send = send
        time.sleep(30)
    return send(stream, kind, *more, **named)
session.send = slow
print("done")`;
    const result = await run(dawdle, 500);
    assert.equal(result.outcome, 'timeout', result.text);
    assert.equal(result.text, 'done\n[Timed out after 0.5 s: the code was interrupted; variables are kept]');
    await works();
  });

  test('a kernel that dies between calls runs nothing, and says so', async () => {
    await run(thread('/tmp/end', 'os._exit(3)'));
    await goOn('/tmp/end');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const result = await run('open("/tmp/should-not-be", "w")');
    assert.equal(result.outcome, 'session_lost');
    assert.match(result.text, /was not run: the Python kernel had ended since the last call: it exited with status 3/);
    assert.equal(await text('import os; os.path.exists("/tmp/should-not-be")'), 'False\n');
  });

  test('a driver that is stopped does not hold up a call for longer than its time', async () => {
    await works();
    const result = await run('import os, signal, time; os.kill(os.getppid(), signal.SIGSTOP); time.sleep(99)', 500);
    assert.equal(result.outcome, 'session_lost');
    await works();
  });

  test('a module that agent code leaves in /workspace does not break the next kernel', async () => {
    await bash.run('for m in zmq json random tornado; do echo "1/0" >$m.py; done', { timeoutMs: 20_000 });
    await run('import os; os._exit(1)');
    await works();
    await bash.run('rm -f zmq.py json.py random.py tornado.py', { timeoutMs: 20_000 });
  });

  test('junk that agent code writes into the protocol is ignored', async () => {
    const driverOut = 'f"/proc/{os.getppid()}/fd/1"';
    await run(`import os\nwith open(${driverOut}, "w") as f: f.write("junk\\n{}\\n[1\\n" + "z" * 100000 + "\\n")`);
    await works();
  });
});

test('out of memory: the kernel is killed, the agent is told why, and bash lives on', {
  skip: noMemoryLimit,
  timeout: 60_000,
}, async () => {
  const agent = await openAgent();
  await agent.bash('marker=here', 20_000);
  const result = await agent.python('a = bytearray(2 * 10 ** 9)', 30_000);
  assert.equal(result.outcome, 'session_lost');
  assert.match(result.text, /killed by SIGKILL/);
  assert.match(result.text, /Out of memory: the sandbox reached its limit of 600 MiB/);
  assert.equal((await agent.bash('echo $marker', 20_000)).text, 'here\n');
  assert.equal((await agent.python('1', 30_000)).text, '1\n');
});

test('an environment without what the kernel needs is told by name, and bash lives on', {
  timeout: 60_000,
}, async () => {
  const agent = await openAgent({ environment: { PATH: '/usr/bin:/bin' } });
  const result = await agent.python('1', 30_000);
  assert.equal(result.outcome, 'session_lost');
  assert.match(result.text, /The Python kernel did not start\.(.|\n)*(No module named|not found)/);
  assert.equal((await agent.bash('echo fine', 20_000)).text, 'fine\n');
});
