import assert from 'node:assert/strict';
import { scenario } from './scenario.ts';

const activationLimitMs = 30;

scenario('the installed package activates when its views are opened, within 30 ms', {}, async ({ vscode }) => {
  await vscode.hostIsQuiet();
  await vscode.openContainer('AIRA2');
  const headings = vscode.page.locator('.part.sidebar .pane-header h3');
  assert.deepEqual(await headings.allInnerTexts(), ['Runs', 'Workers', 'Tasks']);
  const activationMs = await vscode.activationTime('aira2-vscode');
  console.log(`activation: ${activationMs} ms`);
  assert.ok(activationMs <= activationLimitMs, `activation took ${activationMs} ms`);
});
