/** A run that has ended: what it takes no more is not offered, and refused before anything is asked. */
import assert from 'node:assert/strict';
import { rowOf, slowMs } from './flows/runs.ts';
import { storeRun } from './flows/storedRun.ts';
import { scenario } from './scenario.ts';

scenario(
  'of a run that has ended nothing is offered that it would refuse, and a command says at once why not',
  { before: ({ home }) => storeRun(home, { candidates: 6, seed: 2 }).then(() => undefined), deadlineMs: 900_000 },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    await runs.has('the run', (rows) => rows.some(({ label }) => label === 'synthetic'), slowMs);
    await vscode.palette.run('AIRA2: Fork…');
    await vscode.notifications.shown('There is no run for that.');
    await vscode.notifications.clear();

    await runs.expand('synthetic');
    await runs.has('a candidate', (rows) => rows.some(({ label }) => label === '#1'), slowMs);
    const menu = await runs.menu(rowOf('#1'));
    const entries = await menu.entries();
    await picture('ended-run-menu');
    assert.deepEqual(
      entries.filter((entry) => /Fork|Cross|Edit and Submit|Re-evaluate|Exclude/.test(entry)),
      [],
    );
    assert.ok(entries.includes('Pin'));
    await menu.dismiss();

    await runs.open(rowOf('#1'));
    // Its page takes the focus when it comes, and with it whatever is pressed.
    await vscode.editors.active('#1');
    const panel = await vscode.webviews.panel('#1 synthetic', slowMs);
    await panel.getByRole('heading').first().waitFor({ timeout: slowMs });
    await vscode.palette.run('AIRA2: Re-evaluate with New Seeds…');
    const refusal = await vscode.notifications.shown('nothing can be added');
    assert.equal(await vscode.quickInput.box.isVisible(), false);
    await picture('ended-run-refusal');
    // A message that has left the corner can still be answered.
    await vscode.page.keyboard.press('Escape');
    await refusal.waitFor({ state: 'hidden' });
    await vscode.notifications.answer('nothing can be added', 'Start Run');
    await vscode.quickInput.opened('on which task');
  },
);
