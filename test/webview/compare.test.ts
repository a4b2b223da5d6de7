import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ToComparePanel } from '../../protocol/panels.ts';
import type { RunConfig } from '../../protocol/run.ts';
import { compared } from '../support/comparedRuns.ts';
import { SeededRandom } from '../support/seededRandom.ts';
import { pixelsOf } from './dashboardPage.ts';
import {
  closeBrowser,
  type OpenPanel,
  openPanel,
  type PanelOptions,
  seriousFindings,
  themes,
  until,
} from './panelPage.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

type Reset = Extract<ToComparePanel, { type: 'reset' }>;

function run(seed: number, config: Partial<RunConfig> = {}, end: { selected?: number; test?: number } = {}) {
  const random = new SeededRandom(seed);
  let best = 0.9;
  const scores = Array.from({ length: 40 }, () => {
    const value = best + (random.uniform() - 0.6) * 0.1;
    best = Math.min(best, value);
    return random.chance(0.1) ? null : value;
  });
  const made = compared({ seed, scores, every: 120_000, config, ...end });
  made.summary.id = `20260101-00000${seed}-toy-${config.search === 'best-of-k' ? 'bb' : 'aa'}0${seed}`;
  return made;
}

async function openCompare(options: PanelOptions = {}, change: (reset: Reset) => void = () => undefined) {
  const panel = await openPanel('compare', { width: 1200, height: 820, ...options });
  const reset: Reset = {
    type: 'reset',
    title: 'Damage by wildlife strikes on aircraft',
    runs: [run(1), run(2, {}, { selected: 3, test: 0.5125 }), run(1, { search: 'best-of-k' })],
    available: [run(3).summary],
    references: [{ kind: 'medal', name: 'gold', score: 0.4 }],
  };
  change(reset);
  await panel.send(reset);
  await panel.page.getByRole('heading', { level: 1 }).waitFor();
  return { ...panel, [Symbol.asyncDispose]: panel[Symbol.asyncDispose], reset };
}

const drawn = (panel: OpenPanel) => () => pixelsOf(panel, 'aira-line-chart canvas', [0x59, 0xa4, 0xf9]);

for (const theme of themes)
  test(`no serious finding of axe, and nothing that the policy forbids: ${theme}`, limits, async () => {
    await using panel = await openCompare({ theme });
    await panel.page.waitForTimeout(200);
    assert.deepEqual(await seriousFindings(panel.page), []);
    const forbidden = await panel.page.evaluate(() => window.violations);
    // The component library tries one inline sheet that it can do without.
    assert.ok(forbidden.length <= 1, forbidden.join('\n'));
    assert.deepEqual(panel.errors, []);
  });

test(
  'runs that differ in their seed only are one group, with a mean over seeds; what is sealed is shown as sealed',
  limits,
  async () => {
    await using panel = await openCompare();
    const { page, reset } = panel;
    await page.getByText('3 runs in 2 groups', { exact: false }).waitFor();
    const [first, second] = reset.runs.map(({ summary }) => summary.bestSearch?.score.value ?? 0);
    const mean = ((first ?? 0) + (second ?? 0)) / 2;
    await page
      .getByRole('row', { name: 'whole method 2 seeds' })
      .getByText(mean.toPrecision(5), { exact: false })
      .waitFor();
    assert.equal(await page.getByRole('table').getByText('sealed').count(), 2);
    await page.getByText('0.51250').waitFor();
    await until(drawn(panel), (count) => count > 100, 'curves');
  },
);

test('a name opens its run; a tick adds a run and takes one away', limits, async () => {
  await using panel = await openCompare();
  const { page, reset } = panel;
  const [first, second, third] = reset.runs.map(({ summary }) => summary.id);
  const [other] = reset.available.map(({ id }) => id);
  await page.getByRole('button', { name: first ?? '' }).click();
  assert.deepEqual(await panel.says('command'), {
    type: 'command',
    command: 'openDashboard',
    run: first,
    candidates: [],
  });
  await page.getByRole('checkbox', { name: other ?? '' }).click();
  assert.deepEqual(await panel.says('runs'), { type: 'runs', runs: [first, second, third, other] });
  await page.getByRole('checkbox', { name: second ?? '' }).click();
  assert.deepEqual(await panel.says('runs'), { type: 'runs', runs: [first, third] });
});

test('a run that goes on is followed; one that is not shown does not come in by itself', limits, async () => {
  await using panel = await openCompare();
  const { page, reset } = panel;
  const [first] = reset.runs;
  assert.ok(first);
  const score = { value: 0.1234, standardError: 0.01, rows: 10 };
  await panel.send(
    { type: 'run', run: run(3) },
    { type: 'run', run: { ...first, summary: { ...first.summary, bestSearch: { candidate: 9, score, lead: null } } } },
  );
  await page.getByText('0.12340 ± 0.01').waitFor();
  assert.equal(await page.getByRole('table').getByText(run(3).summary.id).count(), 0);
});

test('scores that cannot be compared are said to be so', limits, async () => {
  await using panel = await openCompare({}, ({ runs: [first] }) => {
    if (first !== undefined) first.summary.splitHash = 'f'.repeat(64);
  });
  await panel.page.getByText('scored on different splits', { exact: false }).waitFor();
});

test('other axes, middles and bands are drawn; without any run the panel says what to do', limits, async () => {
  await using panel = await openCompare();
  const { page, reset } = panel;
  for (const name of ['By Candidates', 'Median', 'Standard Error', 'Single Runs', 'Log Scale']) {
    await page.getByRole('button', { name }).click();
    await page.waitForTimeout(100);
    await until(drawn(panel), (count) => count > 50, `curves after ${name}`);
    assert.equal(await page.getByRole('button', { name }).getAttribute('aria-pressed'), 'true');
  }
  const chart = page.locator('aira-line-chart');
  const box = await chart.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2);
  await chart.locator('.tip').getByText('whole method', { exact: false }).waitFor();
  await panel.send({ ...reset, runs: [] });
  await page.getByText('Choose the runs to compare.').waitFor();
  assert.deepEqual(panel.errors, []);
});
