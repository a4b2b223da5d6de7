/** A server that somebody else has started and forwarded, by its address and token. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after } from 'node:test';
import { TestServer } from '../support/agentServer.ts';
import { pick, slowMs, welcomes } from './flows/runs.ts';
import { until } from './pages/until.ts';
import type { Workbench } from './pages/workbench.ts';
import { scenario } from './scenario.ts';

const server = await TestServer.inNewHome({ args: ['--port', '0'] });
after(() => server[Symbol.asyncDispose]());

async function connectTo(vscode: Workbench, url: string, token: string): Promise<void> {
  await vscode.palette.run('AIRA2: Connect to Server…');
  await pick(vscode, 'Connect to a server', 'Address and token');
  await vscode.quickInput.opened('Address of the agent server');
  await vscode.quickInput.answer(url);
  await vscode.quickInput.opened('Token of');
  await vscode.quickInput.answer(token);
}

scenario(
  'a server at an address is used with its token; a wrong one is said to be refused, and can be given anew',
  {},
  async ({ vscode, picture }) => {
    const { url, token } = await server.start();
    assert.match(url, /^ws:\/\/127\.0\.0\.1:\d+\/client$/);
    await vscode.openContainer('AIRA2');
    await vscode.palette.run('AIRA2: Connect to Server…');
    await pick(vscode, 'Connect to a server', 'Address and token');
    await vscode.quickInput.opened('Address of the agent server');
    await vscode.quickInput.answer('http://somewhere');
    await until(
      'it says why that is no address',
      () => vscode.quickInput.message(),
      (said) => /begins with ws/.test(said),
    );
    await vscode.quickInput.dismiss();

    await connectTo(vscode, url, `${token}x`);
    await vscode.notifications.shown(/does not take this token/, slowMs);
    await welcomes(vscode, 'Runs', /cannot be reached/);
    await picture('address-refused');

    await connectTo(vscode, url, token);
    await vscode.statusBar.item(hostname()).waitFor({ timeout: slowMs });
    await welcomes(vscode, 'Runs', /Start Run|Python environment/);
    await picture('address-connected');
  },
);
