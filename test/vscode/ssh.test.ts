/** Runs on another machine: a real sshd on loopback, and a home directory there in which nothing is installed. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { noSshHost, SshHost } from '../support/sshHost.ts';
import { loggedScores } from './flows/eventLog.ts';
import { pick, scored, slowMs, startRun, welcomes } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { until } from './pages/until.ts';
import type { Workbench } from './pages/workbench.ts';
import { type Place, scenario } from './scenario.ts';

const deadlineMs = 1_500_000;

if (noSshHost !== false) test('runs on a machine behind ssh', { skip: noSshHost }, () => undefined);
else await play();

async function play(): Promise<void> {
  const host = await SshHost.open({
    environment: { AIRA2_VENV: process.env.AIRA2_VENV ?? join(projectRoot, '.venv') },
  });
  const other = await SshHost.open();
  after(() => Promise.all([host, other].map((one) => one[Symbol.asyncDispose]())));
  /** A folder with tasks, there. */
  const tasks = join(host.userHome, 'tasks');
  const settings = { 'aira2.server.sshConfigFile': host.configFile, 'aira2.tasks.folders': [tasks] };
  for (const [path, text] of Object.entries(workspaceTask)) {
    await mkdir(dirname(join(tasks, path)), { recursive: true });
    await writeFile(join(tasks, path), text);
  }
  const chosen = { 'aira2.server.sshConfigFile': other.configFile, 'aira2.server.sshHost': other.name };

  scenario(
    'a server is put on a machine behind ssh, a run there outlives the link, and nothing of it is missed',
    { settings, before: (place) => ofMachine(place, settings), deadlineMs },
    async ({ vscode, home, picture }) => {
      await vscode.openContainer('AIRA2');
      await vscode.palette.run('AIRA2: Connect to Server…');
      await vscode.quickInput.opened('Connect to a server');
      await until('the host of the configuration', () => vscode.quickInput.items(), includes('gpu-box'));
      await picture('ssh-choose');
      await pick(vscode, 'Connect to a server', 'gpu-box');
      // With its own name beside the known one, once it has said that.
      await vscode.statusBar.item(/gpu-box \(/).waitFor({ timeout: slowMs });
      await welcomes(vscode, 'Runs', /Start Run/);
      await isPutThere(host);
      assert.equal(existsSync(join(home, 'server')), false, 'no server was started on this machine');
      for (const view of ['Runs', 'Tasks', 'Workers']) assert.match(await headingOf(vscode, view), /gpu-box/);
      await vscode.tree('Tasks').has('its tasks', (rows) => rows.some(({ label }) => label === taskTitle), slowMs);
      await picture('ssh-connected');

      await startRun(vscode, { task: taskTitle });
      const before = scored(
        await vscode.tree('Runs').has('a first candidate', (rows) => scored(rows).length > 0, slowMs),
      );
      await host.cut();
      const message = vscode.page.getByText(/The link to gpu-box .* is lost/).first();
      await message.waitFor({ timeout: slowMs });
      await vscode.statusBar.item(/link lost · gpu-box/).waitFor();
      await picture('ssh-lost');
      // The run goes on there, which nobody sees here.
      const there = await until(
        'candidates that were scored meanwhile',
        async () => (await loggedScores(host.home)).map(({ id }) => id),
        (ids) => ids.length > before.length + 1,
        { timeoutMs: slowMs },
      );
      await host.listen();
      await message.waitFor({ state: 'hidden', timeout: slowMs });
      await vscode
        .tree('Runs')
        .has(
          `candidates ${there.join(', ')}`,
          (rows) => there.every((id) => scored(rows).some(({ label }) => label === `#${id}`)),
          slowMs,
        );
      await picture('ssh-back');

      await vscode.reload();
      await vscode.openContainer('AIRA2');
      await vscode.tree('Runs').has('the candidates again', (rows) => scored(rows).length >= there.length, slowMs);
      await until(
        'one connection of this window',
        () => host.relays(),
        (open) => open.length === 1,
        {
          timeoutMs: slowMs,
        },
      );

      await vscode.palette.run('AIRA2: Use This Machine’s Server');
      await vscode.statusBar.item(/gpu-box/).waitFor({ state: 'hidden', timeout: slowMs });
      await until(
        'ssh to have ended',
        () => host.clients(),
        (left) => left.length === 0,
      );
      assert.ok((await host.discovery()).pid > 0, 'the server there goes on');
    },
  );

  scenario(
    'a machine that cannot be reached is named, and tried again with one click; where no server runs, none is started unasked',
    {
      settings: chosen,
      before: async (place) => {
        await ofMachine(place, chosen);
        await other.cut();
      },
    },
    async ({ vscode, picture }) => {
      await vscode.openContainer('AIRA2');
      await welcomes(vscode, 'Runs', /cannot be reached/);
      await vscode.statusBar.item(/not reached · gpu-box/).waitFor();
      await vscode.tree('Runs').welcomeButton('Try Again');
      await vscode.notifications.shown(/ssh gpu-box: .*refused/, slowMs);
      await picture('ssh-failed');
      await other.listen();
      await vscode.tree('Runs').welcomeButton('Try Again');
      await welcomes(vscode, 'Runs', /No agent server is running/);
      await vscode.statusBar.item(/no server · gpu-box/).waitFor();
      assert.match(await headingOf(vscode, 'Runs'), /gpu-box/);
      assert.equal(existsSync(other.home), false);
    },
  );
}

/** Settings of a machine are those of the user on a desktop; in a window on a server, as here, they stand in a file of their own. */
async function ofMachine({ userHome }: Place, settings: Record<string, unknown>): Promise<void> {
  const file = join(dirname(userHome), 'user', 'Machine', 'settings.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(settings));
}

function includes(text: string): (items: readonly string[]) => boolean {
  return (items) => items.some((item) => item.includes(text));
}

/** What runs there is what the extension has brought. */
async function isPutThere(host: SshHost): Promise<void> {
  const builds = join(host.paths.directory, 'builds');
  const [build = '', ...others] = await readdir(builds);
  assert.deepEqual(others, []);
  assert.equal(JSON.parse(await readFile(join(builds, build, 'build.json'), 'utf8')).id, build);
  const { pid } = await host.discovery();
  assert.ok((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(join(builds, build, 'server', 'aira2.mjs')));
}

/** The heading of a view, with the machine beside it. */
async function headingOf(vscode: Workbench, view: string): Promise<string> {
  const heading = vscode.page.locator('.pane-header').filter({ hasText: view }).first();
  return (await heading.innerText()).replaceAll('\n', ' ');
}
