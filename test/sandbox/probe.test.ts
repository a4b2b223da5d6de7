import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeSandboxes } from '../../server/worker/sandbox/probe.ts';
import { driver, venv } from './fixture.ts';

test('the doctor learns what works here, and what is not enforced', { timeout: 60_000 }, async () => {
  const [bwrap, none] = await probeSandboxes(venv, ['bwrap', 'none']);
  assert.deepEqual([bwrap?.driver, bwrap?.works, bwrap?.problem], ['bwrap', true, null]);
  assert.deepEqual(bwrap?.notEnforced, [...driver.notEnforced]);
  assert.equal(bwrap?.fix === null, driver.notEnforced.length === 0);
  assert.equal(none?.works, true);
  assert.match(none?.notEnforced.join() ?? '', /isolation/);
});

test('the doctor names what is broken and how to mend it', { timeout: 60_000 }, async () => {
  const [found] = await probeSandboxes('/nonexistent/venv');
  assert.equal(found?.works, false);
  assert.match(found?.problem ?? '', /\/nonexistent\/venv is no virtual environment of Python/);
  assert.match(found?.fix ?? '', /./);
});
