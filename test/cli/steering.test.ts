/** The commands by which a person steers a run: one that is down, then the same one live. */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as z from 'zod';
import { forms } from '../../server/cli/output.ts';
import { RunStore, readRun } from '../../server/store/runStore.ts';
import { runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';
import { hosted } from '../support/hostedRun.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';

const run = '20260106-000000-linear-d001';
let toy: LinearTask;
before(async () => {
  toy = await linearTask();
});
after(() => toy[Symbol.asyncDispose]());

const command = (...args: string[]) =>
  aira2(args, { home: toy.home, environment: { AIRA2_VENV: venv }, timeoutMs: 180_000 });

/** What a command printed as JSON, in its form. */
async function printed<S extends z.ZodType>(form: S, ...args: string[]): Promise<z.output<S>> {
  const { exitCode, stdout, stderr } = await command(...args, '--json');
  assert.equal(exitCode, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return form.parse(JSON.parse(stdout));
}

async function refused(pattern: RegExp, ...args: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await command(...args);
  assert.equal(exitCode, 2, `${args.join(' ')}: ${stdout}${stderr}`);
  assert.match(stderr, pattern);
}

const viewOf = async () => (await readRun(toy.home, run)).view;

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(10)) if (condition()) return;
  throw new Error(`waited 90 s for: ${what}`);
}

describe('steering by command', { timeout: 600_000 }, () => {
  it('of a run that is down is stored, and heeded when it goes on', async () => {
    const store = await RunStore.create(toy.home, run, {
      ...runStarted({ task: 'linear', candidates: 3, workers: 1, drafts: 3 }),
      metric: { name: 'RMSE', direction: 'minimize' },
      splitHash: toy.task.splitHash,
      scoringHash: toy.task.scoringHash,
    });
    await hosted(store, toy.task, async (host) => {
      await until('two scored candidates', () => store.view.summary.counts.scored >= 2);
      host.search.interrupt('a power cut');
    });
    assert.equal((await viewOf()).summary.interruption, 'a power cut');
    const activeMs = (await viewOf()).summary.activeMs;

    assert.deepEqual(await printed(forms.mark, 'mark', 'last', '1', '--exclude', '--pin'), {
      run,
      candidate: 1,
      live: false,
      pinned: true,
      excluded: true,
    });
    await printed(forms.request, 'reevaluate', 'last', '2', '--times', '2');
    const { bounds } = await printed(
      forms['runs extend'],
      'runs',
      'extend',
      'last',
      '--candidates',
      '2',
      '--hours',
      '3',
    );
    assert.deepEqual(bounds, { candidates: 5, hours: null, budget: {} });
    await refused(/no bound of hours/, 'runs', 'extend', 'last', '--hours', '3');
    await refused(/Say by what/, 'runs', 'extend', 'last');
    await refused(/--pin, --unpin, --exclude or --include/, 'mark', 'last', '1');
    await refused(/cannot be used with/, 'mark', 'last', '1', '--pin', '--unpin');
    const absent = await command('mark', 'last', '77', '--pin');
    assert.equal(absent.exitCode, 3);
    assert.match(absent.stderr, /has no candidate #77/);
    await refused(/1 to 16/, 'reevaluate', 'last', '2', '--times', '17');
    await refused(/marked for good/, 'runs', 'unseal', 'last');
    await printed(forms['runs steer'], 'runs', 'unseal', 'last', '--yes');

    const { summary, candidates, pending } = await viewOf();
    assert.deepEqual([summary.unsealedEarly, summary.selected, summary.state], [true, null, 'interrupted']);
    assert.ok(candidates.get(1)?.test !== null && candidates.get(2)?.validation !== null);
    assert.deepEqual(
      pending.map(({ body }) => body),
      [{ kind: 'reevaluate', candidate: 2, times: 2 }],
    );
    assert.equal(summary.activeMs, activeMs, 'while it is down no time of its budget passes');
    const { stdout } = await command('runs', 'candidates', 'last');
    assert.match(stdout, /pinned, excluded/);
    assert.match((await command('runs', 'show', 'last')).stdout, /waits to be served: 2 more evaluations of #2/);
  });

  it('of a live run reaches it through its own door', async () => {
    const store = await RunStore.open(toy.home, run);
    await store.append({ type: 'run_resumed', pid: process.pid });
    await hosted(store, toy.task, async ({ steering }) => {
      await until('the evaluations that were asked for', () => store.view.pending.length === 0);
      // Commands take their time: the search waits for them.
      await steering.pause();
      assert.equal((await printed(forms.mark, 'mark', 'last', '2', '--pin')).live, true);
      assert.equal((await printed(forms.mark, 'mark', 'last', '2', '--unpin')).live, true);
      await refused(/is live/, 'runs', 'delete', 'last', '--yes');
      await refused(/once and for all/, 'runs', 'unseal', 'last', '--yes');
      await steering.unpause();
    });
    const { summary, candidates } = await viewOf();
    assert.equal(summary.state, 'finished');
    assert.equal(summary.counts.scored, 5, 'the extension was heeded');
    assert.equal(candidates.get(2)?.repeats?.length, 2);
    assert.equal(candidates.get(2)?.pinned, undefined);
    assert.ok(summary.selected !== null && summary.selected !== 1);
    await refused(/has ended and its hidden scores are open/, 'runs', 'extend', 'last', '--candidates', '1');
    await refused(/has ended already/, 'runs', 'finish', 'last');
  });

  it('finishes a run that is down when it is taken up', async () => {
    const other = '20260107-000000-linear-d002';
    const store = await RunStore.create(toy.home, other, {
      ...runStarted({ task: 'linear', candidates: 9, workers: 1 }),
      splitHash: toy.task.splitHash,
      scoringHash: toy.task.scoringHash,
    });
    await store.close();
    await printed(forms['runs steer'], 'runs', 'finish', other);
    const { view } = await readRun(toy.home, other);
    assert.equal(view.summary.ending, 'finish');
    await printed(forms['runs extend'], 'runs', 'extend', other, '--candidates', '1');
    assert.equal((await readRun(toy.home, other)).view.summary.ending, undefined, 'more to do opens it again');
    await printed(forms['runs steer'], 'runs', 'finish', other);
    const again = await RunStore.open(toy.home, other);
    await again.append({ type: 'run_resumed', pid: process.pid });
    await hosted(again, toy.task, async () => undefined);
    const { summary } = (await readRun(toy.home, other)).view;
    assert.deepEqual([summary.state, summary.counts.created], ['finished', 0]);
    assert.equal(summary.endReason, 'a person had it finish');
  });

  it('deletes a run that is not live, all of it, and what a crash had left of another', async () => {
    await refused(/Nothing of run .* is left/, 'runs', 'delete', run);
    await mkdir(join(toy.home, 'runs', '.deleting-20250101-000000-old-0000-aa', 'candidates'), { recursive: true });
    assert.deepEqual(await printed(forms['runs steer'], 'runs', 'delete', run, '--yes'), { run, done: 'deleted' });
    assert.deepEqual((await readdir(join(toy.home, 'runs'))).sort(), ['20260107-000000-linear-d002']);
    const gone = await command('runs', 'show', run);
    assert.equal(gone.exitCode, 3);
  });
});
