/** First starts on machines that lack something. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { pick, slowMs, welcomes } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { scenario } from './scenario.ts';

scenario(
  'in Restricted Mode the views are there, nothing is started, and trust is one click away',
  { files: workspaceTask, asksForTrust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    await welcomes(vscode, 'Runs', /Restricted Mode/);
    const offered = await vscode.palette.offers('AIRA2: S');
    assert.ok(offered.includes('AIRA2: Show Server Log'), offered.join(', '));
    assert.ok(!offered.some((title) => title.startsWith('AIRA2: Start')), offered.join(', '));
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
    await welcomes(vscode, 'Runs', /Python environment/);
    await picture('no-python');
  },
);

/** Refuses every key, as the provider does. */
const refusing = createServer((_request, response) => {
  response.writeHead(401, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      error: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
    }),
  );
});
await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
after(() => refusing.close());
const address = refusing.address();
assert.ok(address !== null && typeof address === 'object');

scenario(
  'a key that is refused is said to be refused, before anything is spent, and can be set anew',
  {
    files: workspaceTask,
    environment: { OPENAI_API_KEY: null, OPENAI_BASE_URL: `http://127.0.0.1:${address.port}/v1` },
    deadlineMs: 600_000,
  },
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
    // The refusal, in words about the key, and the question for another one.
    await vscode.notifications.shown(/key/i, slowMs);
    await vscode.quickInput.opened('Key of OpenAI');
    await picture('bad-key');
    await vscode.quickInput.dismiss();
    assert.deepEqual(await vscode.tree('Runs').rows(), [], 'no run was begun');
  },
);
