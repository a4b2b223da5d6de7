/** First starts on machines that lack something. */
import assert from 'node:assert/strict';
import { pick, slowMs } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { scenario } from './scenario.ts';

scenario(
  'in Restricted Mode the views are there, nothing is started, and trust is one click away',
  { files: workspaceTask, asksForTrust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    assert.match(await vscode.tree('Runs').welcome(), /Restricted Mode/);
    assert.deepEqual(
      (await vscode.palette.offers('AIRA2: Start')).filter((title) => title === 'AIRA2: Start Run'),
      [],
    );
    await picture('restricted');
    await vscode.tree('Runs').welcomeButton(/Manage Workspace Trust/);
    await vscode.editors.active(/Workspace Trust/);
  },
);

scenario(
  'without Python a run is not begun before the environment is offered, with what it takes',
  { files: workspaceTask, environment: { AIRA2_VENV: '/nowhere' } },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    await vscode.palette.run('AIRA2: Start Run');
    await vscode.dialog.box.waitFor({ timeout: slowMs });
    assert.match(await vscode.dialog.text(), /Set up a Python environment/);
    await picture('no-python-dialog');
    await vscode.dialog.answer('Cancel');
    assert.match(await vscode.tree('Runs').welcome(), /Python environment/);
    await picture('no-python');
  },
);

scenario(
  'a key that is refused is said to be refused, before anything is spent, and can be set anew',
  { files: workspaceTask, environment: { GEMINI_API_KEY: null, OPENAI_API_KEY: null }, deadlineMs: 600_000 },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    await vscode.palette.run('AIRA2: Start Run');
    await pick(vscode, 'on which task', taskTitle);
    await pick(vscode, 'with which model', 'gpt-5.4-mini');
    await vscode.quickInput.opened('Key of OpenAI');
    await picture('asks-for-key');
    await vscode.quickInput.answer('sk-wrong');
    await pick(vscode, 'for how long', '12 candidates');
    await pick(vscode, 'this is the plan', 'Start');
    await vscode.notifications.shown(/key|OpenAI|reach/i, slowMs);
    await picture('bad-key');
  },
);
