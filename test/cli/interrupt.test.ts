/** Ctrl-C, at the worst moment: while workers and scorer start. The command is a real process on a real task. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { forms } from '../../server/cli/output.ts';
import { readRun } from '../../server/store/runStore.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';

const program = fileURLToPath(new URL('../../bin/aira2.js', import.meta.url));
let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

/** Starts a run, and sends a signal whenever the next of these is seen on standard error. */
async function interrupted(seen: RegExp[], ...more: string[]) {
  const args = ['run', toy.source, '--workers', '2', '--candidates', '200', ...more];
  const child = execa(process.execPath, [program, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: 100_000,
    forceKillAfterDelay: 5000,
    env: { AIRA2_HOME: toy.home, AIRA2_VENV: venv },
  });
  const waiting = [...seen];
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
    for (let next = waiting[0]; next?.test(said) === true; next = waiting[0]) {
      waiting.shift();
      child.kill('SIGINT');
    }
  });
  const end = await child;
  const run = /^run (\S+): /m.exec(said)?.[1];
  assert.ok(run !== undefined, said);
  return { end, run };
}

const started = /^run \S+: /m;

describe('Ctrl-C while a run starts', { timeout: 240_000 }, () => {
  it('is remembered: the run is left as it is once its workers are up, and nothing of it is begun', async () => {
    const { end, run } = await interrupted([started]);
    assert.equal(end.exitCode, 130, end.stderr);
    assert.match(end.stderr, /SIGINT: leaving the run as it is as soon as its workers have started/);
    assert.match(end.stderr, new RegExp(`aira2 runs resume ${run}`));
    const { view, live } = await readRun(toy.home, run);
    assert.equal(live, false);
    assert.equal(view.summary.state, 'interrupted');
    assert.equal(view.summary.counts.created, 0);
  });

  it('twice leaves at once, says how to go on, and with --json prints one value', async () => {
    const { end, run } = await interrupted([started, /SIGINT: leaving/], '--json');
    assert.equal(end.exitCode, 130, end.stderr);
    const { error } = forms.error.parse(JSON.parse(end.stdout));
    assert.match(error.message, new RegExp(`left at once by SIGINT.*aira2 runs resume ${run}`));
    assert.equal((await readRun(toy.home, run)).live, false);
  });
});
