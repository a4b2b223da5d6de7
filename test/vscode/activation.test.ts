import assert from 'node:assert/strict';
import { pace } from '../support/pace.ts';
import { scenario } from './scenario.ts';

const activationLimitMs = 30;
/** VS Code measures by the clock, and what else the machine does is in it: the best of some counts, at the pace there was. */
const attempts = 3;

scenario('the installed package activates when its views are opened, within 30 ms', {}, async ({ vscode }) => {
  const measuredMs: number[] = [];
  const said: string[] = [];
  while (measuredMs.length < attempts && Math.min(...measuredMs) > activationLimitMs) {
    if (measuredMs.length > 0) {
      await vscode.openContainer('Explorer');
      await vscode.reload();
    }
    await vscode.hostIsQuiet();
    const before = pace();
    await vscode.openContainer('AIRA2');
    const slowdown = Math.max(before, pace());
    const byClockMs = await vscode.activationTime('aira2-vscode');
    measuredMs.push(byClockMs / slowdown);
    said.push(`${byClockMs} ms on a machine ${slowdown.toFixed(1)} times as slow as it should be`);
  }
  console.log(`activation: ${said.join(', ')}`);
  const headings = vscode.page.locator('.part.sidebar .pane-header h3');
  const names = (await headings.allInnerTexts()).map((text) => text.replace(/[:·–—].*$/s, '').trim());
  assert.deepEqual(names, ['Runs', 'Workers', 'Tasks']);
  assert.ok(Math.min(...measuredMs) <= activationLimitMs, `activation took ${said.join(', ')}`);
});
