import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { nothingMayBeSkipped, prepareBrowserTests } from './browserTests.ts';
import type { FileOutcome } from './outcome.ts';

const files = ['test/cli/forms.test.ts', 'test/vscode/activation.test.ts', 'test/webview/trajectory.test.ts'];
const quiet = () => undefined;

/** As on a machine whose Chromium does not start. */
function withoutBrowser(t: TestContext, ci: string): void {
  const { AIRA2_CHROMIUM: chromium, CI: before } = process.env;
  process.env.AIRA2_CHROMIUM = '/bin/false';
  process.env.CI = ci;
  t.after(() => {
    for (const [name, value] of Object.entries({ AIRA2_CHROMIUM: chromium, CI: before }))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });
}

const states = (outcomes: readonly FileOutcome[]) =>
  outcomes.map(({ file, outcomes: [outcome] }) => `${outcome?.state} ${file}`);

test('files that drive no browser need none', async (t) => {
  withoutBrowser(t, 'true');
  const cli = ['test/cli/forms.test.ts'];
  assert.deepEqual(await prepareBrowserTests(cli, quiet), { files: cli, outcomes: [] });
});

test('without a browser panels and scenarios are skipped, and say which command would help', async (t) => {
  withoutBrowser(t, '');
  const { files: left, outcomes } = await prepareBrowserTests(files, quiet);
  assert.deepEqual(left, ['test/cli/forms.test.ts']);
  assert.deepEqual(states(outcomes), [
    'skipped test/vscode/activation.test.ts',
    'skipped test/webview/trajectory.test.ts',
  ]);
  assert.match(outcomes[0]?.outcomes[0]?.detail ?? '', /\/bin\/false does not start/);
});

test('on CI what cannot be run has failed', async (t) => {
  withoutBrowser(t, 'true');
  const { outcomes } = await prepareBrowserTests(files, quiet);
  assert.deepEqual(states(outcomes), [
    'failed test/vscode/activation.test.ts',
    'failed test/webview/trajectory.test.ts',
  ]);
  assert.deepEqual(
    ['true', '1', '', '0', 'false'].map((CI) => nothingMayBeSkipped({ CI })),
    [true, true, false, false, false],
  );
});
