/** Windows that are reloaded, closed and opened again, and servers that die: the run goes on, and the view is right. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverPaths } from '../../protocol/discovery.ts';
import { type LoggedScore, loggedScores } from './flows/eventLog.ts';
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
    const before = await standing(vscode, home, 2);
    const former = await serverPid(home);
    process.kill(former, 'SIGKILL');
    await anotherServer(home, former);
    await picture('server-killed');
    await goesOn(vscode, home, before);
  },
);

scenario(
  'an updated extension offers to replace the server of the older one; the run goes on under the next',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, home, userHome, vsix, picture }) => {
    await vscode.openContainer('AIRA2');
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    const before = await standing(vscode, home, 1);
    const former = await serverPid(home);
    await vscode.update(await newerPackage(vsix, userHome));
    await vscode.openContainer('AIRA2');
    await vscode.notifications.shown('of an older version', slowMs);
    await picture('updated');
    await vscode.notifications.answer('of an older version', 'Replace…');
    await vscode.dialog.answer('Replace');
    await anotherServer(home, former);
    await goesOn(vscode, home, before);
  },
);

scenario(
  'a machine that was asleep goes on where it was',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, home, userHome, picture }) => {
    await vscode.openContainer('AIRA2');
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    const before = await standing(vscode, home, 1);
    await signalProcessesOf(userHome, 'SIGSTOP');
    await sleep(asleepMs);
    await signalProcessesOf(userHome, 'SIGCONT');
    await goesOn(vscode, home, before);
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

/** A run at one moment. */
interface Standing {
  /** Scored candidates in view. */
  rows: TreeRow[];
  /** All of them, as the run's own log has them. */
  logged: LoggedScore[];
}

/** Once so many candidates have a score. */
async function standing(vscode: Workbench, home: string, count: number): Promise<Standing> {
  return { rows: scored(await hasScored(vscode, count)), logged: await loggedScores(home) };
}

/**
 * Another candidate has a score, and those of before have the same; every number stands once. Of a run that has gone on for a
 * while only some rows are in view: those are compared, and all of its scores in its log.
 */
async function goesOn(vscode: Workbench, home: string, before: Standing): Promise<void> {
  const known = new Set(before.logged.map(({ id }) => `#${id}`));
  const rows = await vscode
    .tree('Runs')
    .has(
      'a run that goes on',
      (all) =>
        /^running|^finished/.test(all[0]?.description ?? '') && scored(all).some(({ label }) => !known.has(label)),
      slowMs,
    );
  const after = candidates(rows);
  assert.equal(new Set(after.map(({ label }) => label)).size, after.length);
  const scoreOf = ({ description }: TreeRow) => description.split(' ')[0];
  for (const row of before.rows) {
    const now = after.find(({ label }) => label === row.label);
    if (now !== undefined) assert.equal(scoreOf(now), scoreOf(row), row.label);
  }

  const logged = await loggedScores(home);
  assert.ok(logged.length > before.logged.length, `${logged.length} after ${before.logged.length}`);
  assert.deepEqual(logged.slice(0, before.logged.length), before.logged);
  assert.equal(new Set(logged.map(({ id }) => id)).size, logged.length);
}
