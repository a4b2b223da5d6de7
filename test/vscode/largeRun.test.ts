/** A run of ten thousand candidates: the tree is usable at once, and everything in it can be found. */
import assert from 'node:assert/strict';
import { candidates, rowOf, slowMs } from './flows/runs.ts';
import { storeRun } from './flows/storedRun.ts';
import { scenario } from './scenario.ts';

/** From the click to rows, with the run known to the server. */
const usableMs = 1000;

scenario(
  'a run of ten thousand candidates opens, is ranked, paged and filtered',
  { before: async ({ home }) => void (await storeRun(home, { candidates: 10_000 })), deadlineMs: 1_500_000 },
  async ({ vscode, picture }) => {
    await vscode.openContainer('AIRA2');
    const runs = vscode.tree('Runs');
    await runs.has('the run', (rows) => rows.some(({ label }) => label === 'synthetic'), slowMs);
    // The first look reads it from the disk of the server.
    await runs.expand('synthetic');
    await runs.has('candidates', (rows) => candidates(rows).length > 5, slowMs);
    await runs.collapse('synthetic');
    const began = performance.now();
    await runs.expand('synthetic');
    await runs.has('candidates', (rows) => candidates(rows).length > 5, slowMs);
    const took = Math.round(performance.now() - began);
    console.log(`expanded: ${took} ms (aim: ${usableMs} ms on a quiet machine)`);

    await vscode.palette.run('AIRA2: Order Candidates By…');
    await vscode.quickInput.opened('Order candidates by');
    await vscode.quickInput.pick('Ranking');
    const ranked = await runs.has(
      'the best first',
      (rows) => /selected|best so far/.test(candidates(rows)[0]?.name ?? ''),
      slowMs,
    );
    assert.ok(candidates(ranked).every(({ level }) => level === 2));
    await picture('ten-thousand-ranked');

    await vscode.page.keyboard.press('End');
    await runs.row('Show more').waitFor({ timeout: slowMs });
    await runs.row('Show more').click();
    await runs.has('more rows than one page', (rows) => rows.length > 5, slowMs);

    await vscode.palette.run('AIRA2: Filter Runs and Candidates…');
    await vscode.quickInput.opened('Filter');
    await vscode.quickInput.answer('#7777');
    await runs.has('only the one', (rows) => candidates(rows).length === 1, slowMs);
    await runs.row(rowOf('#7777')).waitFor();
    await picture('filtered');
    await vscode.palette.run('AIRA2: Clear Filter');
    await runs.has('all again', (rows) => candidates(rows).length > 5, slowMs);
  },
);
