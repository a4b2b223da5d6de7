/** `run.sh` of an export, run by a real shell where every path is as unkind as a path can be. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execa } from 'execa';
import { runScript } from '../../server/api/runScript.ts';
import { type LinearTask, linearTask } from '../support/linearTask.ts';

const unkind = `it's "a" $HOME \`date\` } \\ path`;
let toy: LinearTask;
let root: string;
before(async () => {
  toy = await linearTask();
  root = await mkdtemp(join(tmpdir(), 'aira2-script-'));
});
after(async () => {
  await toy[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** What the program would find: the variables, and its working folder. */
async function foundBy(environment: Record<string, string>): Promise<Record<string, string>> {
  const folder = join(root, unkind);
  await mkdir(join(folder, 'program'), { recursive: true });
  const script = join(folder, 'run.sh');
  await writeFile(script, runScript({ ...toy.task, publicDirectory: join('/data', unkind) }, 7));
  await chmod(script, 0o755);
  const python = join(root, 'python');
  await writeFile(python, `#!/bin/sh\n{ env -0; printf 'CWD=%s\\0ARGS=%s' "$(pwd)" "$*"; } > "${root}/found"\n`, {
    mode: 0o755,
  });
  await execa(script, { env: { PYTHON: python, ...environment }, timeout: 30_000 });
  const text = await readFile(join(root, 'found'), 'utf8');
  return Object.fromEntries(
    text.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

describe('run.sh', { timeout: 60_000 }, () => {
  it('takes quotes, dollars and backquotes in paths for what they are', async () => {
    const found = await foundBy({});
    assert.equal(found.AIRA_TRAIN_DIR, join('/data', unkind, 'train'));
    assert.equal(found.AIRA_EVAL_DIR, join('/data', unkind, 'eval'));
    assert.equal(found.AIRA_OUT_DIR, join(root, unkind, 'out'));
    assert.equal(found.AIRA_SEED, '7');
    assert.equal(found.CWD, join(root, unkind, 'program'));
    assert.equal(found.ARGS, 'solution.py');
  });

  it('leaves alone what was set beforehand', async () => {
    const found = await foundBy({ AIRA_TRAIN_DIR: '/elsewhere', AIRA_OUT_DIR: join(root, 'mine') });
    assert.equal(found.AIRA_TRAIN_DIR, '/elsewhere');
    assert.equal(found.AIRA_OUT_DIR, join(root, 'mine'));
    assert.equal(found.AIRA_EVAL_DIR, join('/data', unkind, 'eval'));
  });
});
