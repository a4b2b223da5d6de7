/** The head of the dashboard: how the run stands, what is sealed, what was selected. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { formatScore } from '../../protocol/score.ts';
import { bestOf, openDashboard } from './dashboardPage.ts';
import { closeBrowser } from './panelPage.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

test('the head says how the run stands, and each action asks the host', limits, async () => {
  await using panel = await openDashboard();
  const { page, reset } = panel;
  await page.getByText('running', { exact: true }).waitFor();
  await page
    .getByText(formatScore(bestOf(reset).search?.value ?? 0))
    .first()
    .waitFor();
  assert.equal(await page.getByRole('meter', { name: 'Candidates' }).getAttribute('aria-valuetext'), '60 of 75');
  for (const [name, command] of [
    ['Pause', 'pause'],
    ['Finish', 'finish'],
    ['Stop', 'stop'],
    ['Extend…', 'extend'],
    ['Report', 'report'],
  ] as const) {
    await page.getByRole('button', { name, exact: true }).click();
    assert.deepEqual(await panel.says('command'), { type: 'command', command, run: reset.summary.id, candidates: [] });
  }
});

test('sealed scores are shown as sealed, what unsealing means is told before it can be asked for', limits, async () => {
  await using panel = await openDashboard();
  const { page, reset } = panel;
  assert.equal(await page.getByRole('button', { name: 'Unseal…' }).isVisible(), false);
  await page.getByText('What this means').click();
  await page.getByText('The run is marked for good', { exact: false }).waitFor();
  await page.getByRole('button', { name: 'Unseal…' }).click();
  assert.deepEqual(await panel.says('command'), {
    type: 'command',
    command: 'unseal',
    run: reset.summary.id,
    candidates: [],
  });
  await panel.show('Search against Validation');
  await page.getByText('Validation scores are sealed', { exact: false }).waitFor();
});

test('a run that has ended with nothing selected says so, and why', limits, async () => {
  for (const [excluded, why] of [
    [true, 'Every candidate with a score is excluded from the search.'],
    [false, 'No candidate that may be selected has a validation score.'],
  ] as const) {
    await using panel = await openDashboard({
      run: { candidates: 20, unsealed: true },
      change: ({ summary, candidates }) => {
        summary.selected = null;
        for (const candidate of candidates) {
          if (excluded) candidate.excluded = true;
          candidate.validation = null;
        }
      },
    });
    await panel.page.getByText('no program was selected').waitFor();
    await panel.page.getByText(why).waitFor();
    assert.equal(await panel.page.getByText(/unsealed before the end|is selected when/).count(), 0);
  }
});

test('one is not many: the head says 1 slot and 1 candidate', limits, async () => {
  await using panel = await openDashboard({
    change: ({ summary }) => {
      summary.config.workers = 1;
      summary.stagnation = { sinceBest: 1, sinceClearBest: 1 };
    },
  });
  await panel.page.getByText('· 1 slot ·').waitFor();
  await panel.page.getByText('1 candidate since then').waitFor();
});
