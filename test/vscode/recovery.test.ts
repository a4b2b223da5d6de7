/** Windows that are reloaded, closed and opened again, and servers that die: the run goes on, and the view is right. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { serverPaths } from '../../protocol/discovery.ts';
import { candidates, hasScored, rowOf, scored, slowMs, startRun } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { until } from './pages/until.ts';
import { scenario } from './scenario.ts';

const deadlineMs = 1_500_000;

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
    const runs = vscode.tree('Runs');
    await startRun(vscode, { task: taskTitle });
    const before = scored(await hasScored(vscode, 2)).map(({ label, description }) => `${label} ${description}`);
    const pid = async () => Number(JSON.parse(await readFile(serverPaths(home).discovery, 'utf8')).pid);
    const former = await pid();
    process.kill(former, 'SIGKILL');
    await until('another server', pid, (now) => now !== former, { timeoutMs: slowMs });
    await picture('server-killed');
    const rows = await runs.has(
      'a run that goes on',
      (all) => /^running/.test(all[0]?.description ?? '') && scored(all).length > before.length,
      slowMs,
    );
    const after = candidates(rows).map(({ label, description }) => `${label} ${description}`);
    for (const one of before)
      assert.ok(
        after.some((row) => row.startsWith(one.slice(0, 8))),
        `${one} in ${after.join('; ')}`,
      );
  },
);
