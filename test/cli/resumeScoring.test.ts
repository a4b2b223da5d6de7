/** A run is not taken up again under other rules of scoring than it began with. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openRunView } from '../../protocol/projection.ts';
import { RunEvent } from '../../protocol/run.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { prepareTask } from '../../server/tasks/prepare.ts';
import { runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';

const run = '20260105-000000-linear-c001';
let toy: LinearTask;
let manifest: string;

before(async () => {
  toy = await linearTask();
  manifest = await readFile(join(toy.source, 'task.yaml'), 'utf8');
  const { splitHash, scoringHash } = toy.task;
  const start = { ...runStarted({ task: 'linear' }), splitHash, scoringHash };
  const store = await RunStore.create(toy.home, run, { ...start, metric: { name: 'RMSE', direction: 'minimize' } });
  await store.close();
});
after(() => toy[Symbol.asyncDispose]());

async function change(from: string, to: string) {
  assert.ok(manifest.includes(from));
  await writeFile(join(toy.source, 'task.yaml'), manifest.replace(from, to));
  const python = join(venv, 'bin', 'python');
  return prepareTask({ home: toy.home, reference: toy.source, python, log: () => undefined });
}

describe('resuming a run after its task was changed', { timeout: 120_000 }, () => {
  const changes: [string, string, string][] = [
    [
      'another metric',
      'name: RMSE, direction: minimize, bounds: [0, null], optimum: 0, impl: {builtin: rmse}',
      'name: R2, direction: maximize, impl: {builtin: r2}',
    ],
    ['another implementation under the same name', 'impl: {builtin: rmse}', 'impl: {builtin: mae}'],
    ['other bounds', 'bounds: [0, null]', 'bounds: [0, 5]'],
    ['another command', 'limits:', 'run: {cmd: [python, main.py]}\nlimits:'],
  ];
  for (const [what, from, to] of changes) {
    it(`to ${what} is refused, though the splits are the same`, async () => {
      const changed = await change(from, to);
      assert.equal(changed.splitHash, toy.task.splitHash);
      const { exitCode, stderr } = await aira2(['runs', 'resume', run], {
        home: toy.home,
        environment: { AIRA2_VENV: venv },
      });
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /scored by other rules than linear@1 has now.*RMSE, to minimize.*Undo the change/s);
    });
  }

  it('to other limits is no other scoring', async () => {
    assert.equal((await change('cpus: 1', 'cpus: 2')).scoringHash, toy.task.scoringHash);
  });

  it('reads logs of older versions, which say less', () => {
    const { scoringHash: _, ...body } = runStarted();
    const { summary } = openRunView(run, RunEvent.parse({ seq: 1, at: 1, body }));
    assert.equal('scoringHash' in summary, false);
  });
});
