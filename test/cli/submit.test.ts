/** `aira2 submit` of a folder that is named as people name folders: relative, with a slash, as ".". */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { forms } from '../../server/cli/output.ts';
import { RunStore, readRun } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';
import { type LinearTask, linearTask } from '../support/linearTask.ts';

const run = '20260103-000000-linear-5001';
let toy: LinearTask;
let work: string;

before(async () => {
  toy = await linearTask();
  const store = await RunStore.create(toy.home, run, runStarted({ task: 'linear' }));
  await store.close();
  work = await mkdtemp(join(tmpdir(), 'aira2-work-'));
  await mkdir(join(work, 'my-program', 'lib'), { recursive: true });
  await writeFile(join(work, 'my-program', 'solution.py'), 'print("mine")\n');
  await writeFile(join(work, 'my-program', 'lib', 'helper.py'), 'x = 1\n');
  await mkdir(join(work, 'empty'));
});
after(async () => {
  await toy[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
});

describe('aira2 submit', { timeout: 120_000 }, () => {
  for (const [folder, below] of [
    ['my-program/', ''],
    ['./my-program', ''],
    ['.', 'my-program'],
    ['../my-program', 'empty'],
  ] as const)
    it(`stores the program of ${folder}`, async () => {
      const args = ['submit', 'last', folder, '--summary', 'mine', '--json'];
      const { stdout, stderr, exitCode } = await aira2(args, { home: toy.home, cwd: join(work, below) });
      assert.equal(exitCode, 0, stderr);
      const { request } = forms.request.parse(JSON.parse(stdout));
      const { view, paths } = await readRun(toy.home, run);
      const body = view.pending.find((one) => one.request === request)?.body;
      assert.ok(body?.kind === 'submit');
      const program = join(paths.directory, body.program);
      assert.equal(await readFile(join(program, 'solution.py'), 'utf8'), 'print("mine")\n');
      assert.equal(await readFile(join(program, 'lib', 'helper.py'), 'utf8'), 'x = 1\n');
    });

  it('refuses a folder without the file that the task runs', async () => {
    const { exitCode, stderr } = await aira2(['submit', 'last', 'empty'], { home: toy.home, cwd: work });
    assert.equal(exitCode, 2, stderr);
    await writeFile(join(work, 'empty', 'main.py'), '');
    const named = await aira2(['submit', 'last', 'empty'], { home: toy.home, cwd: work });
    assert.equal(named.exitCode, 2);
    assert.match(named.stderr, /has no solution\.py, which this task runs/);
  });

  it('refuses a whole machine at once', async () => {
    const { exitCode, stderr } = await aira2(['submit', 'last', '/'], { home: toy.home, timeoutMs: 20_000 });
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /\/ is no program: /);
  });
});
