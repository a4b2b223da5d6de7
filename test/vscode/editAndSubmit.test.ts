/** A person's own program. */
import assert from 'node:assert/strict';
import { act, hasScored, scored, slowMs, startRun } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { scenario } from './scenario.ts';

scenario(
  'a program is edited in a working copy, submitted, and comes back with a score of the same hidden evaluation',
  // Newest first: what is submitted stands at the top, however many others come in.
  { files: workspaceTask, settings: { 'aira2.runs.order': 'time' }, deadlineMs: 1_500_000 },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    // So many that the run is not at its end before the submission.
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    const [first] = scored(await hasScored(vscode, 1));
    assert.ok(first);
    await act(vscode, first, 'Edit and Submit', vscode.editors.activeTab('solution.py'));
    await vscode.page.locator('.editor-group-container.active .monaco-editor .view-lines').last().click();
    await vscode.page.keyboard.press('ControlOrMeta+Home');
    await vscode.page.keyboard.insertText('# changed by hand\n');
    await picture('edit-working-copy');
    await vscode.page.locator('.editor-actions').getByRole('button', { name: 'Submit Candidate' }).first().click();
    await vscode.quickInput.opened('Submit a program');
    await vscode.quickInput.answer('the same, with a remark');
    const rows = await runs.has(
      'the submission with a score',
      (all) => scored(all).some(({ name }) => /yours of #\d+.*the same, with a remark/.test(name)),
      slowMs,
    );
    const own = scored(rows).find(({ name }) => name.includes('the same, with a remark'));
    assert.ok(own);
    await act(vscode, own, 'Compare with Parent', vscode.editors.activeTab('↔'));
    assert.match((await vscode.editors.diff()).modified, /# changed by hand/);
    await picture('submitted-by-hand');
  },
);
