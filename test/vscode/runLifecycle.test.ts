/** A run from its start to its end, by hand: what a person does in the first hour. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { act, candidates, hasScored, scored, slowMs, startRun, welcomes } from './flows/runs.ts';
import { taskTitle, workspaceTask } from './flows/workspaceTask.ts';
import { scenario } from './scenario.ts';

const deadlineMs = 1_500_000;

scenario(
  'a run is started with the built-in researcher, fills the tree live, is read, compared, forked, crossed and stopped',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    await welcomes(vscode, 'Runs', /Give AIRA2 a task/);
    await picture('welcome');
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    const [run] = await runs.rows();
    assert.match(run?.description ?? '', /running · \d+\/40/);
    // Its agent is at work: steps come in by themselves, then the evaluation and a score.
    await runs.has('a candidate at work', (rows) => candidates(rows).length > 0, slowMs);
    await act(vscode, { label: '#1' }, 'Open Trajectory', vscode.editors.activeTab('#1'), 'beside');
    const streaming = await vscode.webviews.panel('#1 slopes', slowMs);
    await streaming.getByRole('button', { name: 'Step 1', exact: true }).waitFor({ timeout: slowMs });
    await picture('trajectory-live');
    await streaming.getByText('scored', { exact: true }).first().waitFor({ timeout: slowMs });
    const [first] = scored(await hasScored(vscode, 2));
    assert.ok(first);
    await vscode.statusBar.item(/slopes/).waitFor();
    await picture('run-tree');

    await act(vscode, first, 'Open Program', vscode.editors.activeTab('solution.py'), 'beside');
    await vscode.editors.hasText('import');
    await act(vscode, first, 'Open Trajectory', vscode.editors.activeTab(first.label), 'beside');
    const trajectory = await vscode.webviews.panel(`${first.label} slopes`, slowMs);
    await trajectory.getByRole('button', { name: 'Step 1', exact: true }).waitFor({ timeout: slowMs });
    await picture('trajectory');

    await act(vscode, first, 'Fork…', vscode.quickInput.titled(`Fork ${first.label}`));
    await vscode.quickInput.answer('try a tree model');
    await runs.has(
      'the fork, waiting or at work',
      (rows) => rows.some(({ name }) => /Fork of|try a tree model/.test(name)),
      slowMs,
    );

    const [one, other] = scored(await hasScored(vscode, 3));
    assert.ok(one && other);
    await act(vscode, one, 'Use as Crossover Parent', vscode.statusBar.item('is one parent'));
    await act(vscode, other, 'Cross…', vscode.quickInput.titled(`Cross ${one.label} and ${other.label}`));
    await vscode.quickInput.accept();
    await runs.has(
      'the crossover, waiting or at work',
      (rows) => rows.some(({ name, description }) => /Crossover|crossover/.test(name + description)),
      slowMs,
    );
    await picture('forked-and-crossed');

    await act(vscode, other, 'Compare with Candidate…', vscode.quickInput.titled(`Compare ${other.label} with`));
    await vscode.quickInput.pick(/#\d+/);
    await vscode.editors.active(' ↔ ');
    const { original, modified } = await vscode.editors.diff();
    assert.notEqual(original, modified);
    await picture('compare-programs');

    await runs.choose('slopes', 'Stop Run…');
    await vscode.quickInput.opened('for good');
    await picture('stop');
    await vscode.quickInput.pick('Stop everything now');
    await runs.has('a run that has ended', (rows) => /^finished/.test(rows[0]?.description ?? ''), slowMs);
  },
);

scenario(
  'a run is paused, resumed and finished; then its scores are open, its report is shown and its program exported',
  { files: workspaceTask, deadlineMs },
  async ({ vscode, picture, workspace }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    // So many that it is finished by hand, and not by itself.
    await startRun(vscode, { task: taskTitle, budget: '40 candidates' });
    await hasScored(vscode, 1);
    await runs.inlineAction('slopes', 'Pause Run');
    await runs.has('a paused run', (rows) => /^paused/.test(rows[0]?.description ?? ''), slowMs);
    await picture('paused');
    await runs.inlineAction('slopes', 'Resume Run');
    await runs.has('a running run', (rows) => /^running/.test(rows[0]?.description ?? ''), slowMs);
    await hasScored(vscode, 2);
    await runs.choose('slopes', 'Finish Run and Select');
    assert.match(await vscode.dialog.text(), /hidden scores are opened/);
    await vscode.dialog.answer('Finish');
    await runs.has('a finished run', (rows) => /^finished/.test(rows[0]?.description ?? ''), slowMs);
    await vscode.notifications.answer('has ended', 'Report');
    await vscode.editors.active(/Preview/);
    await runs.has('a selected candidate', (rows) => candidates(rows).some(({ name }) => /selected/.test(name)));
    await picture('report');

    await runs.choose('slopes', 'Export Selected or Best Program…');
    await vscode.quickInput.opened('Export into a new folder in');
    await vscode.quickInput.type(`${workspace}/`);
    await vscode.quickInput.button('Export Here');
    await vscode.notifications.shown(/is exported/);
    const [folder] = (await readdir(workspace)).filter((name) => /^\d+-\d+-slopes/.test(name));
    assert.ok(folder !== undefined);
    assert.ok((await readdir(join(workspace, folder))).includes('program'));
  },
);
