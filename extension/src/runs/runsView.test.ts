import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { Listeners } from '../../../protocol/subscription.ts';
import type { FollowedChange } from './followedRuns.ts';
import type { RunsNode } from './runsTree.ts';
import type { RunsViewOptions } from './runsView.ts';
import { candidate, summary, view } from './testRun.ts';

const editor = 'export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };';
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode'
      ? { url: `data:text/javascript,${encodeURIComponent(editor)}`, shortCircuit: true }
      : next(specifier, context),
});
const { RunsView } = await import('./runsView.ts');

/** A view on the screen, of one run with a parent and its first child. */
function viewOn(reveal: (node: RunsNode) => Promise<void>) {
  const changes = new Listeners<FollowedChange>();
  const run = view([candidate(1), candidate(2, { parents: [1] })]);
  const options = {
    view: { visible: true, reveal, onDidCollapseElement: () => ({ dispose: () => undefined }) },
    list: { all: () => [summary()], problems: [], onChange: () => ({ dispose: () => undefined }) },
    followed: {
      view: () => run,
      onChange: (listener: (change: FollowedChange) => void) => changes.add(listener),
    },
    order: 'lineage',
    onFirstSeen: async () => undefined,
    machine: () => 'here',
    decorate: () => undefined,
  };
  const runsView = new RunsView(options as unknown as RunsViewOptions);
  return {
    runsView,
    /** The child has an idea. */
    change: () => {
      const event = { seq: 2, at: 2000, body: { type: 'candidate_idea', id: 2, idea: 'trees' } } as const;
      changes.tell({ run: 'run-one', change: { kind: 'events', events: [event], view: run } });
    },
  };
}

test('a row with its first child is opened once; one that could not be opened is tried again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const revealed: string[] = [];
  const { runsView, change } = viewOn(async (node) => {
    revealed.push(node.id);
    if (revealed.length === 1) throw new Error('VS Code has not drawn it yet');
  });
  const draw = async () => {
    change();
    t.mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  await draw();
  await draw();
  assert.equal(revealed.length, 2, 'after a rejection');
  await draw();
  assert.equal(revealed.length, 2, 'what the person closes stays closed');
  runsView.dispose();
});
