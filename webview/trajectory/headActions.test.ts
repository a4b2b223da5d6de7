import assert from 'node:assert/strict';
import { test } from 'node:test';
import packageNls from '../../extension/package.nls.json' with { type: 'json' };
import { openRunView } from '../../protocol/projection.ts';
import { candidate, runStarted, scored } from '../../test/support/candidates.ts';
import { headActions } from './headActions.ts';

// A page that was given no translations.
Object.assign(globalThis, { document: { getElementById: () => null } });

const titles = new Map(Object.entries(packageNls));
const { summary: run } = openRunView('20260101-000000-toy-aa01', { seq: 1, at: 1000, body: runStarted() });

test('what can be done is called as the commands are called everywhere', () => {
  const most = headActions(scored(2, 0.5, { parents: [1] }), run);
  for (const { command, label } of [...most, ...headActions(candidate(3, { pinned: true }), run)])
    assert.equal(label, titles.get(`command.${command}`));
  assert.equal(most.length, 7);
});

test('of an agent at work there is no program to open, fork or edit', () => {
  const commands = headActions(candidate(1), run).map(({ command }) => command);
  assert.deepEqual(commands, ['pin', 'revealInTree', 'openDashboard']);
});
