/** What commands refuse before they ask, and what they offer to choose from. */
import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { beforeEach, test } from 'node:test';
import type { RunSummary } from '../../../protocol/run.ts';
import type { App } from '../app.ts';
import { summary } from '../runs/testRun.ts';
import type { Command } from './commandTable.ts';

/** In place of the editor: what it was asked to show. The person leaves every question. */
const asked: { kind: string; labels: string[] }[] = [];
Object.assign(globalThis, {
  askedOfEditor: (kind: string, items: readonly { label: string }[] = []) =>
    asked.push({ kind, labels: items.map(({ label }) => label) }),
});
const editor = `export const window = {
  showQuickPick: async (items) => void askedOfEditor('choice', items),
  showInputBox: async () => void askedOfEditor('text'),
  showWarningMessage: async () => void askedOfEditor('question'),
};`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode'
      ? { url: `data:text/javascript,${encodeURIComponent(editor)}`, shortCircuit: true }
      : next(specifier, context),
});
const { deleteRun, extend } = await import('./runCommands.ts');
const { cross, exclude, fork, pin, reevaluate } = await import('./steerCommands.ts');
const { editAndSubmit } = await import('./submitCommands.ts');

const requests: string[] = [];
beforeEach(() => {
  asked.length = 0;
  requests.length = 0;
});

/** As far as these commands look at it. */
function appWith(...runs: RunSummary[]): App {
  const list = new Map(runs.map((run) => [run.id, run]));
  const client = {
    request: async (method: string, { run }: { run: string }) => {
      requests.push(method);
      return list.get(run);
    },
  };
  const app = {
    runs: list,
    connection: { get: () => client, look: async () => undefined, machine: 'here' },
    panels: { front: () => null, frontRun: () => null },
    views: { runs: { selection: [] } },
    runsView: { marked: null },
  };
  Object.assign(app.runs, { all: () => list.values() });
  return app as unknown as App;
}

const run = (id: string, state: RunSummary['state']) =>
  summary({ id, state, config: { ...summary().config, task: id } });
const states = [run('one', 'running'), run('two', 'finished'), run('three', 'stopping'), run('four', 'interrupted')];

test('runs that are live are not offered to be deleted, and one that is named is refused before it is asked about', async () => {
  await deleteRun(appWith(...states), []);
  assert.deepEqual(
    asked.map(({ labels }) => labels.sort()),
    [['four', 'two']],
  );
  asked.length = 0;
  await assert.rejects(async () => deleteRun(appWith(...states), [{ run: 'one' }]), /The run on one is live/);
  assert.deepEqual(asked, []);
});

const refusals: [name: string, command: Command, state: RunSummary['state'], why: RegExp][] = [
  ['fork', fork, 'finished', /nothing can be added/],
  ['fork', fork, 'stopping', /is ending/],
  ['cross', cross, 'finished', /nothing can be added/],
  ['re-evaluate', reevaluate, 'stopping', /is ending/],
  ['edit', editAndSubmit, 'finished', /nothing can be added/],
  ['exclude', exclude, 'finished', /made its selection/],
  ['extend', extend, 'finished', /cannot go on/],
];
for (const [name, command, state, why] of refusals)
  test(`${name}: a run that is ${state} refuses it before the person is asked anything`, async () => {
    await assert.rejects(async () => command(appWith(run('one', state)), [{ run: 'one', candidate: 1 }]), why);
    assert.deepEqual(asked, []);
    assert.deepEqual(requests, ['run.get']);
  });

test('a crossover with a parent that was marked in a run that has ended is refused before the other is asked for', async () => {
  const app = appWith(run('one', 'finished'));
  Object.assign(app.runsView, { marked: { run: 'one', candidate: 1 } });
  await assert.rejects(async () => cross(app, []), /nothing can be added/);
  assert.deepEqual(asked, []);
});

test('what a run takes is asked about, and marks that it takes are set', async () => {
  await fork(appWith(run('one', 'interrupted')), [{ run: 'one', candidate: 1 }]);
  assert.deepEqual(asked, [{ kind: 'text', labels: [] }]);
  await pin(appWith(run('one', 'finished')), [{ run: 'one', candidate: 1 }]);
  await exclude(appWith(run('one', 'stopping')), [{ run: 'one', candidate: 1 }]);
  assert.deepEqual(requests, ['run.get', 'candidate.mark', 'run.get', 'candidate.mark']);
});

test('without a run at hand those are offered that take the wish', async () => {
  await fork(appWith(...states), []);
  assert.deepEqual(
    asked.map(({ labels }) => labels.sort()),
    [['four', 'one']],
  );
});

test('a row that VS Code has lost stands for no other: neither what is in front nor what is selected', async () => {
  for (const lost of [[undefined], [null], [undefined, undefined], [undefined, [undefined]]]) {
    const app = appWith(...states);
    const front = { run: 'one', candidate: 7 };
    Object.assign(app, {
      panels: { front: () => front, frontRun: () => 'one' },
      views: { runs: { selection: [front] } },
    });
    await pin(app, lost);
    await deleteRun(app, lost);
  }
  assert.deepEqual(requests, []);
  assert.deepEqual(
    asked.map(({ kind }) => kind),
    Array(8).fill('choice'),
  );
});
