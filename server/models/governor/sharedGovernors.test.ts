import assert from 'node:assert/strict';
import test from 'node:test';
import { ManualClock } from '../../../test/support/manualClock.ts';
import { ChatModelError } from '../chatModel.ts';
import type { Governor, Permit } from './governor.ts';
import { SharedGovernors } from './sharedGovernors.ts';

const minute = 60_000;

function setUp() {
  const clock = new ManualClock();
  const governors = new SharedGovernors({ clock });
  const admit = (governor: Governor): Promise<Permit> =>
    governor.admit({ agent: 'c1', finishing: false, tokens: 1, signal: new AbortController().signal });
  return { clock, governors, admit };
}

test('runs on the same quota share one governor, others do not', () => {
  const { governors } = setUp();
  const { governor } = governors.join('a');
  assert.equal(governors.join('a').governor, governor);
  assert.notEqual(governors.join('b').governor, governor);
});

test("a later run's limits hold too, and an earlier one's end with it", () => {
  const { governors } = setUp();
  const first = governors.join('a', { concurrency: 7 });
  const { governor } = first;
  const second = governors.join('a', { concurrency: 3 });
  assert.equal(governor.status().concurrency, 3);
  first.leave();
  second.leave();
  governors.join('a', { concurrency: 5 });
  assert.equal(governor.status().concurrency, 5);
});

test('an outage that one run met holds for the next one, which need not find out by calls of its own', async () => {
  const { clock, governors, admit } = setUp();
  const first = governors.join('a', {}, { threshold: 1 });
  const permit = await admit(first.governor);
  first.leave();
  await clock.pass(30 * minute);
  assert.equal(governors.join('a').governor, first.governor, 'a call is under way: it is not forgotten');
  permit.failed(new ChatModelError('overloaded', 'down', { status: 503 }));
  await clock.pass(30 * minute);
  const { governor } = governors.join('a');
  assert.equal(governor, first.governor, 'somebody is there');
  assert.equal(governor.status().state.kind, 'outage');
});

test('a quota that nobody draws on any more gets a new governor, but not before the pause that its provider asked for', async () => {
  const { clock, governors, admit } = setUp();
  const { governor, leave } = governors.join('a');
  const permit = await admit(governor);
  permit.failed(new ChatModelError('rate_limit', 'later', { status: 429, retryAfterMs: 40 * minute }));
  leave();
  await clock.pass(30 * minute);
  const after = governors.join('a');
  assert.equal(after.governor, governor, 'the pause is not over');
  after.leave();
  await clock.pass(9 * minute);
  const shortly = governors.join('a');
  assert.equal(shortly.governor, governor, 'a run was there only minutes ago');
  shortly.leave();
  await clock.pass(11 * minute);
  governors.join('another');
  assert.notEqual(governors.join('a').governor, governor);
});
