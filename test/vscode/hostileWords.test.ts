/** What a model and a manifest have written, in the real editor: shown as it is written, and nothing more. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { RunStore } from '../../server/store/runStore.ts';
import { candidate, runStarted } from '../support/candidates.ts';
import { rowOf, slowMs } from './flows/runs.ts';
import { until } from './pages/until.ts';
import { scenario } from './scenario.ts';

const run = '20260109-000000-words-d001';
const hostile =
  'win $(flame) [now](command:workbench.action.openSettings) ![i](https://evil.test/i.png) <img src=https://evil.test/j.png> <b>bold</b>';

const manifest = `schema: aira.task/1
id: words
title: ${JSON.stringify(`Words ${hostile}`)}
version: 1
source: {kind: local, ref: made for this test, licence: none}
description: description.md
modality: tabular
data: {target: [${JSON.stringify(hostile)}]}
split: {method: random, min_rows: 1}
prediction:
  columns:
    - {name: id, role: id, dtype: string}
    - {name: y, role: value, dtype: float}
metric: {name: ${JSON.stringify(hostile)}, direction: minimize, impl: {builtin: rmse}}
`;

async function storeRun(home: string): Promise<void> {
  const store = await RunStore.create(home, run, runStarted({ task: 'words' }));
  const score = { value: 0.5, standardError: 0.01, rows: 100 };
  const begun = candidate(1, { summary: hostile, author: hostile, guidance: hostile });
  await store.append({ type: 'candidate_started', candidate: begun, request: null, generator: [1, 2, 3, 4] });
  await store.append({ type: 'candidate_submitted', id: 1, summary: hostile, steps: 2 });
  await store.append({ type: 'candidate_scored', id: 1, search: score, evaluation: [], suspiciouslyPerfect: false });
  await store.append({ type: 'caveat', text: hostile });
  await store.close();
}

/** Of a message or a tooltip: what is more than text in it. */
const markup = (box: Locator) =>
  box.evaluate((element) =>
    [...element.querySelectorAll('a[href], a[data-href], img, b, .codicon-flame')].map(({ outerHTML }) => outerHTML),
  );

scenario(
  'words of models and manifests are no links, pictures or icons in rows, tooltips and messages',
  {
    files: {
      'words/task.yaml': manifest,
      'words/description.md': '# Words\n',
      'words/table.csv': `x,y\n${Array.from({ length: 60 }, (_, row) => `${row},${row}`).join('\n')}\n`,
    },
    before: ({ home }) => storeRun(home),
    deadlineMs: 900_000,
  },
  async ({ vscode, picture }) => {
    const { page } = vscode;
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('evil.test')) elsewhere.push(request.url());
    });
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    await runs.has('the run', (rows) => rows.some(({ label }) => label === 'words'), slowMs);
    await runs.expand('words');
    await runs.has('the candidate', (rows) => rows.some(({ label }) => label === '#1'), slowMs);
    const hover = page.locator('.monaco-hover:visible .rendered-markdown');
    const tooltip = async (row: Locator, words: RegExp) => {
      const shown = hover.filter({ hasText: words }).first();
      const look = async () => ({ text: await shown.innerText(), found: await markup(shown) });
      const told = await until(
        `a tooltip with ${words}`,
        async () => {
          // One that is shown while its row is drawn again goes away, and comes back with the mouse.
          await page.mouse.move(800, 300);
          await row.hover();
          return shown
            .waitFor({ timeout: 5000 })
            .then(look)
            .catch(() => null);
        },
        (answer) => answer !== null,
        { timeoutMs: slowMs },
      );
      assert.ok(told?.text.includes('[now](command:workbench.action.openSettings)'), 'it can be read');
      assert.deepEqual(told.found, []);
    };
    await tooltip(runs.row(rowOf('#1')), /#1/);
    await picture('hostile-words-tooltip');
    assert.deepEqual(await markup(runs.tree), []);

    await vscode.palette.run('AIRA2: Open Program');
    await vscode.quickInput.opened('Which candidate?');
    await vscode.quickInput.widget.getByText('$(flame)', { exact: false }).first().waitFor();
    assert.deepEqual(await markup(vscode.quickInput.widget), []);
    await picture('hostile-words-choice');
    await vscode.quickInput.dismiss();

    const tasks = vscode.tree('Tasks');
    const task = /Words win/;
    await tasks.has('the task', (rows) => rows.some(({ label }) => task.test(label)), slowMs);
    await tooltip(tasks.row(task), /words@1/);
    assert.deepEqual(await markup(tasks.tree), []);

    await tasks.choose(task, 'Prepare Task');
    const message = await vscode.notifications.shown('openSettings', slowMs);
    await picture('hostile-words-message');
    assert.deepEqual(await markup(message.locator('.notification-list-item-message')), []);
    assert.deepEqual(elsewhere, []);
  },
);
