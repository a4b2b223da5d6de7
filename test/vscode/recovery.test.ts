/** Windows that are reloaded, closed and opened again, and servers that die: the run goes on, and the view is right. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverPaths } from '../../protocol/discovery.ts';
import { newerPackage } from './flows/newerPackage.ts';
import { candidates, hasScored, rowOf, scored, slowMs, startRun } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import type { TreeRow } from './pages/treeView.ts';
import { until } from './pages/until.ts';
import type { Workbench } from './pages/workbench.ts';
import { scenario } from './scenario.ts';
import { signalProcessesOf } from './target/processes.ts';

const deadlineMs = 1_500_000;
/** Longer than a keep-alive and the wait for its answer. */
const asleepMs = 25_000;

scenario(
  'a window that is reloaded, and one that is closed and opened again, show the same run and the same panels',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = () => vscode.tree('Runs');
    await startRun(vscode, { task: taskTitle });
    const [first] = scored(await hasScored(vscode, 1));
    assert.ok(first);
    await runs().row(rowOf(first.label)).click();
    await vscode.editors.active(first.label);
    await runs().inlineAction('slopes', 'Open Run Dashboard');
    await vscode.editors.active(`slopes · ${hostname()}`);
    for (const again of [() => vscode.reload(), () => vscode.reopen()]) {
      await again();
      await vscode.openContainer('AIRA2');
      await hasScored(vscode, 1);
      await vscode.editors.show(`slopes · ${hostname()}`);
      const dashboard = await vscode.webviews.panel(`slopes · ${hostname()}`, slowMs);
      await dashboard.getByRole('heading', { name: taskTitle }).waitFor({ timeout: slowMs });
      assert.ok(await vscode.editors.tab(first.label).isVisible());
    }
    await picture('restored');
  },
);

scenario(
  'a server that is killed is followed by another; the run goes on and no candidate is lost',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, home, picture }) => {
    await vscode.openContainer('AIRA2');
    await startRun(vscode, { task: taskTitle });
    const before = scored(await hasScored(vscode, 2));
    const former = await serverPid(home);
    process.kill(former, 'SIGKILL');
    await anotherServer(home, former);
    await picture('server-killed');
    await goesOn(vscode, before);
  },
);

scenario(
  'an updated extension offers to replace the server of the older one; the run goes on under the next',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, home, userHome, vsix, picture }) => {
    await vscode.openContainer('AIRA2');
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    const before = scored(await hasScored(vscode, 1));
    const former = await serverPid(home);
    await vscode.update(await newerPackage(vsix, userHome));
    await vscode.openContainer('AIRA2');
    await vscode.notifications.shown('of an older version', slowMs);
    await picture('updated');
    await vscode.notifications.answer('of an older version', 'Replace…');
    await vscode.dialog.answer('Replace');
    await anotherServer(home, former);
    await goesOn(vscode, before);
  },
);

scenario(
  'a machine that was asleep goes on where it was',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, userHome, picture }) => {
    await vscode.openContainer('AIRA2');
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    const before = scored(await hasScored(vscode, 1));
    await signalProcessesOf(userHome, 'SIGSTOP');
    await sleep(asleepMs);
    await signalProcessesOf(userHome, 'SIGCONT');
    await goesOn(vscode, before);
    await picture('awake');
  },
);

const serverPid = async (home: string) => Number(JSON.parse(await readFile(serverPaths(home).discovery, 'utf8')).pid);

async function anotherServer(home: string, former: number): Promise<void> {
  await until(
    'another server',
    // Between the two there is none.
    () => serverPid(home).catch(() => former),
    (now) => now !== former,
    { timeoutMs: slowMs },
  );
}

/** More candidates have a score than before, and those of before have the same; every number stands once. */
async function goesOn(vscode: Workbench, before: readonly TreeRow[]): Promise<void> {
  const rows = await vscode
    .tree('Runs')
    .has(
      'a run that goes on',
      (all) => /^running|^finished/.test(all[0]?.description ?? '') && scored(all).length > before.length,
      slowMs,
    );
  const after = candidates(rows);
  assert.equal(new Set(after.map(({ label }) => label)).size, after.length);
  const scoreOf = ({ description }: TreeRow) => description.split(' ')[0];
  for (const row of before) {
    const now = after.find(({ label }) => label === row.label);
    assert.ok(
      now !== undefined && scoreOf(now) === scoreOf(row),
      `${row.label} ${row.description} in ${after.length} rows`,
    );
  }
}
