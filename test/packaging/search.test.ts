import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { execa } from 'execa';
import * as z from 'zod';
import { linearTask, venv } from '../support/linearTask.ts';
import { type Unpacked, unpackedExtension } from './unpacked.ts';

const Stamp = z.object({ version: z.string(), id: z.string() });

suite('the packed agent server, without node_modules', { timeout: 280_000 }, () => {
  let unpacked: Unpacked;
  before(async () => {
    unpacked = await unpackedExtension();
  });
  after(() => unpacked?.[Symbol.asyncDispose]());

  /** Runs the packed command with nothing of this project in its environment but the Python environment. */
  const aira2 = async (args: string[], home: string) => {
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      [join(unpacked.folder, 'server/aira2.mjs'), ...args],
      {
        reject: false,
        stdin: 'ignore',
        timeout: 240_000,
        cwd: unpacked.folder,
        extendEnv: false,
        env: { PATH: '/usr/bin:/bin', HOME: home, AIRA2_HOME: home, AIRA2_VENV: venv, LANG: 'C.UTF-8' },
      },
    );
    return { exitCode, stdout, stderr };
  };

  test('lists the built-in tasks that came with it', async () => {
    const { stdout, exitCode } = await aira2(['task', 'list'], '/nonexistent/home');
    assert.equal(exitCode, 0);
    for (const task of ['birdstrikes@1', 'diamonds@1', 'digits@1', 'txhousing@1', 'verbs@1'])
      assert.match(stdout, new RegExp(task));
  });

  test('makes a whole run: workers, sandboxes, kernels, scores and the export', async () => {
    await using linear = await linearTask();
    const run = await aira2(['run', 'linear', '--candidates', '2', '--workers', '1', '--drafts', '2'], linear.home);
    assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
    assert.match(run.stdout, /Selected program/);
    const exported = join(linear.home, 'exported');
    const result = await aira2(['runs', 'export', 'last', '--to', exported], linear.home);
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(await readFile(join(exported, 'program', 'solution.py'), 'utf8'), /def |import /);
    assert.match(await readFile(join(exported, 'requirements.txt'), 'utf8'), /scikit-learn==/);
  });

  test('says which build it is', async () => {
    const stamp = Stamp.parse(JSON.parse(await readFile(join(unpacked.folder, 'build.json'), 'utf8')));
    assert.match(stamp.id, /^[0-9a-f]{16}$/);
  });
});
