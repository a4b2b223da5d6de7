/** What the panels show of runs that have ended: where scores came from, what the slots did, what the hidden scores say. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { rowOf, slowMs } from './flows/runs.ts';
import { storeRun } from './flows/storedRun.ts';
import { scenario } from './scenario.ts';

/** Of the dashboard's tab. */
const title = `synthetic · ${hostname()}`;

scenario(
  'a dashboard shows scores, lineage, slots, cost and hidden scores, and selects with the tree; runs of one task are compared',
  {
    before: async ({ home }) => {
      for (const seed of [1, 2, 3]) await storeRun(home, { candidates: 120, seed, config: { seed } });
      for (const seed of [4, 5, 6]) await storeRun(home, { candidates: 120, seed, config: { seed, crossover: 0.5 } });
    },
    settings: { 'workbench.colorTheme': 'Default Light Modern' },
  },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    await runs.has('the runs', (rows) => rows.filter(({ label }) => label === 'synthetic').length === 6, slowMs);
    await runs.inlineAction('synthetic', 'Open Run Dashboard');
    const dashboard = await vscode.webviews.panel(title, slowMs);
    await dashboard.getByRole('tab', { name: 'Score', exact: true }).waitFor({ timeout: slowMs });
    await dashboard.locator('canvas').first().waitFor();
    await picture('dashboard');
    for (const view of ['Lineage', 'Slots', 'Cost', 'Search against Validation']) {
      await dashboard.getByRole('tab', { name: view, exact: true }).click();
      await dashboard.getByRole('tabpanel').first().waitFor();
      await vscode.page.waitForTimeout(500);
      await picture(`dashboard ${view}`);
    }
    // From the panel to the tree.
    const item = dashboard.getByRole('treeitem', { name: /#\d+/ }).first();
    const [label] = /#\d+/.exec((await item.textContent()) ?? '') ?? [];
    assert.ok(label !== undefined);
    await item.click();
    await runs.row(rowOf(label)).waitFor({ timeout: slowMs });

    await runs.choose('synthetic', 'Compare Runs');
    const compared = await vscode.webviews.panel('Compare Runs', slowMs);
    await compared.locator('canvas').first().waitFor({ timeout: slowMs });
    await vscode.page.waitForTimeout(500);
    await picture('compare-runs');
  },
);
