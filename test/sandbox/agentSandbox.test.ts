import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AgentSandbox } from '../../server/worker/agentSandbox.ts';
import { createBwrapDriver } from '../../server/worker/sandbox/bwrap.ts';
import { NoneDriver } from '../../server/worker/sandbox/none.ts';
import { driver, file, limits, openAgent, slot, spec } from './fixture.ts';

const caps = { maxFiles: 10, maxBytes: 10_000 };

/** Host number of the process that is number 1 in the sandbox with this mark in its environment. */
function firstProcess(mark: string): number {
  const found = readdirSync('/proc').find((pid) => {
    try {
      const first = /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      return first && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
  return Number(found);
}

describe("an agent's sandbox", { timeout: 120_000 }, () => {
  test('lays the files of the specification into /workspace before anything runs', async () => {
    const agent = await openAgent({
      files: [file('program/solution.py', 'print(1)\n'), file('program/lib/ä b.txt', 'x')],
    });
    assert.equal((await agent.bash('python program/solution.py; cat program/lib/*', 20_000)).text, '1\nx');
    assert.deepEqual(await agent.exportFiles({ directory: 'program', ...caps }), {
      kind: 'exported',
      files: [file('lib/ä b.txt', 'x'), file('solution.py', 'print(1)\n')],
    });
  });

  test('files with unclean paths are refused before a sandbox runs anything', async () => {
    for (const path of ['../x', '/x', 'a/../../x', 'a//b', './x', 'a\0b', '']) {
      await assert.rejects(AgentSandbox.open(driver, { id: 't', ...slot, spec: spec({ files: [file(path, '')] }) }), {
        name: 'UncleanPathError',
      });
    }
  });

  test('takes out regular files only, whatever a program has made of the folder', async () => {
    const agent = await openAgent();
    await agent.bash(
      'mkdir -p ok/__pycache__ ok/.aira; echo a >ok/a.py; touch ok/__pycache__/b.pyc ok/.aira/c',
      20_000,
    );
    assert.deepEqual(await agent.exportFiles({ directory: '/workspace/ok', ...caps }), {
      kind: 'exported',
      files: [file('a.py', 'a\n')],
    });
    const refused: [what: string, make: string, message: RegExp][] = [
      ['a symbolic link', 'ln -s /etc/passwd $d/l', /l is a symbolic link: only regular files/],
      ['a link to a folder', 'ln -s / $d/l', /symbolic link/],
      ['a hard link', 'echo a >$d/a; ln $d/a $d/b', /hard link/],
      ['a named pipe', 'mkfifo $d/p', /named pipe/],
      [
        'a socket',
        'python -c "import socket; socket.socket(socket.AF_UNIX).bind(\\"$d/s\\")"',
        /holds no file|special|socket/,
      ],
      ['a sparse file of 1 TB', 'truncate -s 1T $d/s', /more than 10,000 bytes/],
      ['too many files', 'touch $d/{1..11}', /more than 10 files/],
      ['too many bytes', 'head -c 6000 /dev/zero >$d/a; cp $d/a $d/b', /more than 10,000 bytes/],
      ['a name with a line end', 'touch "$d/a\nb"', /no clean file name/],
      ['a name that is no text', 'touch $d/$(printf "\\377")', /no clean file name/],
      ['a name with a backslash', 'touch "$d/..\\\\x"', /no clean file name/],
    ];
    for (const [what, make, message] of refused) {
      await agent.bash(`d=/workspace/d; chmod -R u+rwx $d; rm -rf $d; mkdir $d; ${make}`, 20_000);
      const result = await agent.exportFiles({ directory: 'd', ...caps });
      if (what === 'a socket' && result.kind === 'exported') assert.deepEqual(result.files, []);
      else {
        assert.equal(result.kind, 'export_refused', what);
        assert.match(result.kind === 'export_refused' ? result.message : '', message, what);
      }
    }
    assert.deepEqual(await agent.exportFiles({ directory: 'nothing', ...caps }), {
      kind: 'export_refused',
      message: '/workspace/nothing does not exist',
    });
    await agent.bash('touch /workspace/plain', 20_000);
    assert.equal((await agent.exportFiles({ directory: 'plain', ...caps })).kind, 'export_refused');
  });

  test('when the whole sandbox dies there is a fresh one, and the agent is told what is lost', async () => {
    const mark = `mark-${Math.random()}`;
    const agent = await openAgent({ files: [file('given.txt', 'given')], environment: { AIRA_TEST_MARK: mark } });
    await agent.bash('echo mine >mine.txt; mine=1', 20_000);
    // Its first process, which nothing inside can harm, dies from outside while a command runs.
    let kill = () => {
      kill = () => undefined;
      process.kill(firstProcess(mark), 'SIGKILL');
    };
    const result = await agent.bash('echo shown; sleep 100', 60_000, () => kill());
    assert.match(result.text, /^shown\n/);
    assert.equal(result.outcome, 'session_lost');
    assert.match(
      result.text,
      /Everything in it is lost: files in \/workspace.*A fresh sandbox, as at the start, is ready/,
    );
    assert.equal((await agent.bash('ls; cat given.txt', 20_000)).text, 'given.txt\ngiven');
  });

  test('calls of both tools take turns', async () => {
    const agent = await openAgent();
    const [first, second, third] = await Promise.all([
      agent.bash('sleep 0.3; echo a >>order', 20_000),
      agent.python('_ = open("order", "a").write("b\\n")', 30_000),
      agent.bash('cat order', 20_000),
    ]);
    assert.deepEqual([first.outcome, second.outcome, third.text], ['ok', 'ok', 'a\nb\n']);
  });

  test('closing it ends a call that runs', async () => {
    const agent = await openAgent();
    const running = agent.bash('sleep 100', 100_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await agent.close();
    assert.equal((await running).outcome, 'session_lost');
    await assert.rejects(agent.bash('true', 1000), { name: 'SandboxDeadError' });
    assert.equal((await agent.exportFiles({ directory: '.', ...caps })).kind, 'export_refused');
  });

  test('a mount that does not exist is an error that names it', async () => {
    const mounts = [{ source: '/nonexistent/data', target: '/data' }];
    await assert.rejects(AgentSandbox.open(driver, { id: 't', ...slot, spec: spec({ mounts }) }), {
      name: 'SandboxStartError',
      message: /\/nonexistent\/data, to be shown at \/data, does not exist/,
    });
  });

  test('without bubblewrap the error says what to install', async () => {
    await assert.rejects(createBwrapDriver({ bwrap: '/nonexistent/bwrap' }), /is not there\. Install bubblewrap 0\.8/);
  });
});

test('without a sandbox the same tools work, and what is not enforced is said', { timeout: 60_000 }, async () => {
  const none = new NoneDriver();
  assert.ok(none.notEnforced.length >= 6);
  const mounts = [{ source: import.meta.dirname, target: '/data/train' }];
  const environment = { AIRA_TRAIN_DIR: '/data/train', AIRA_OUT_DIR: '/workspace/out', SECRETLESS: 'yes' };
  const given = spec({ mounts, environment, limits, files: [file('program/a.py', 'a')] });
  const agent = await AgentSandbox.open(none, { id: 'none', ...slot, spec: given });
  try {
    process.env.AIRA2_TEST_KEY = 'hidden';
    const { text } = await agent.bash('ls $AIRA_TRAIN_DIR/fixture.ts; echo $AIRA_OUT_DIR; pwd; env', 20_000);
    const [train, out, cwd] = text.split('\n');
    assert.equal(train, `${import.meta.dirname}/fixture.ts`);
    assert.equal(out, `${cwd}/out`);
    assert.ok(!text.includes('AIRA2_TEST_KEY'));
    assert.equal((await agent.python('import os; os.listdir("program")', 60_000)).text, "['a.py']\n");
    assert.match((await agent.bash('sleep 100', 300)).text, /SIGINT/);
    assert.equal((await agent.exportFiles({ directory: 'program', ...caps })).kind, 'exported');
    await agent.bash('setsid -f sleep 876', 20_000);
  } finally {
    delete process.env.AIRA2_TEST_KEY;
    await agent.close();
  }
});
