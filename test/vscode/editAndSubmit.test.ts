/** A person's own program. */
import assert from 'node:assert/strict';
import { hasScored, rowOf, scored, slowMs, startRun } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { scenario } from './scenario.ts';

scenario(
  'a program is edited in a working copy, submitted, and comes back with a score of the same hidden evaluation',
  { files: workspaceTask, deadlineMs: 1_500_000 },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    await startRun(vscode, { task: taskTitle });
    const [first] = scored(await hasScored(vscode, 1));
    assert.ok(first);
    await runs.choose(rowOf(first.label), 'Edit and Submit');
    await vscode.editors.active('solution.py');
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
    await runs.choose(rowOf(own.label), 'Compare with Parent');
    assert.match((await vscode.editors.diff()).modified, /# changed by hand/);
    await picture('submitted-by-hand');
  },
);
