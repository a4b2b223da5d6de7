/** The first minutes: what is there before anything was started. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { slowMs, welcomes } from './flows/runs.ts';
import { workspaceTask } from './flows/workspaceTask.ts';
import { ifTimedOut, until } from './pages/until.ts';
import { scenario } from './scenario.ts';

const glanceMs = 5_000;

scenario(
  'a first start shows what to do, starts nothing, and leads through the walkthrough to what the machine has',
  { files: workspaceTask },
  async ({ vscode, home, picture }) => {
    await vscode.openContainer('AIRA2');
    await welcomes(vscode, 'Runs', /Give AIRA2 a task[\s\S]*Start Run[\s\S]*Open Walkthrough/);
    assert.equal(existsSync(join(home, 'server')), false, 'looking starts nothing');
    await vscode.palette.run('AIRA2: Open Walkthrough');
    await vscode.page.getByText('Get Started with AIRA2').first().waitFor();
    await picture('walkthrough');
    // The page of the walkthrough moves while it opens: a click may come too early.
    const check = vscode.page.getByRole('button', { name: 'Check This Machine', exact: true });
    const doctor = vscode.editors.tab('Preview AIRA2 Doctor');
    await until(
      'the doctor is asked',
      async () => {
        const isAsked = (await doctor.isVisible()) || (await vscode.statusBar.item(/AIRA2/).isVisible());
        // The doctor's page may take its place just now.
        if (!isAsked && (await check.isVisible()))
          await check.click({ timeout: glanceMs }).catch(ifTimedOut(() => undefined));
        return isAsked;
      },
      (isAsked) => isAsked,
      { timeoutMs: slowMs, intervalMs: 3000 },
    );
    await doctor.waitFor({ timeout: slowMs });
    await picture('doctor');
    await vscode.statusBar.item(/AIRA2/).waitFor();
  },
);

scenario('an empty window offers built-in tasks and a folder to open', { files: null }, async ({ vscode, picture }) => {
  await vscode.openContainer('AIRA2');
  await welcomes(vscode, 'Tasks', /Open a folder/);
  await picture('empty-window');
  await vscode.palette.run('AIRA2: Start Server');
  await vscode
    .tree('Tasks')
    .has('built-in tasks', (rows) => rows.some(({ label }) => label === 'Diamond prices'), slowMs);
  await welcomes(vscode, 'Runs', /No runs yet/);
});
