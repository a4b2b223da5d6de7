/** Words of models, programs, manifests and servers are inert wherever the editor shows them. Panels: test/webview/. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { explain } from './commands/failure.ts';
import { statusText } from './connection/statusText.ts';
import { unlinked } from './markdown.ts';
import { candidateRow } from './runs/candidateRow.ts';
import { requestWords } from './runs/requestWords.ts';
import { runRow } from './runs/runRow.ts';
import { candidate, score, summary, view } from './runs/testRun.ts';
import { candidateTooltip, runTooltip } from './runs/tooltips.ts';
import { taskRow, taskTooltip } from './tasks/tasksTree.ts';
import { inertRow } from './views/row.ts';
import { WorkersTree } from './workers/workersTree.ts';

const hostile = [
  '[win](command:workbench.action.terminal.new)',
  '![seen](https://example.invalid/x.png)',
  '<img src=https://example.invalid/y.png onerror=alert(1)><a href="command:z">z</a>',
  '<https://example.invalid/auto>',
  '$(alert) \u202Egnp.exe\u0007',
  '\n\n# head\n\n| a | b |\n| --- | --- |\n',
  '```\n<b>code</b>\n```',
  '\\[not escaped\\](command:x)',
].join(' ');

const failed = candidate(1, {
  state: 'failed',
  failure: { kind: 'program_error', message: hostile },
  idea: hostile,
  guidance: hostile,
  author: hostile,
  summary: hostile,
});
const scored = candidate(2, { summary: hostile, author: hostile, guidance: hostile, parents: [1], search: score(0.5) });
const begun = candidate(3, { state: 'running', summary: '', idea: hostile, author: hostile });
const run = summary({
  metric: { name: hostile, direction: 'minimize' },
  caveats: [hostile],
  outage: hostile,
  interruption: hostile,
  endReason: hostile,
  config: { ...summary().config, task: hostile, model: hostile },
});
const seen = { ...view([failed, scored, begun]), summary: run };
const listing = {
  id: hostile,
  version: 1,
  title: hostile,
  modality: hostile,
  metric: { name: hostile, direction: hostile },
  builtin: false,
  prepared: false,
  counts: null,
  problem: hostile,
  manifest: `/home/me/${hostile}/task.yaml`,
};
const link = { kind: 'failed', error: new Error(hostile) } as const;

test('in tooltips nothing of theirs is a link, an image, HTML, an icon or a heading', () => {
  const tooltips = [
    ...[failed, scored, begun].map((one) => candidateTooltip(one, seen, 0)),
    runTooltip(run, hostile),
    taskTooltip(listing),
    statusText(link, hostile, false, [])?.tooltip ?? assert.fail(),
    statusText({ kind: 'connecting', step: hostile }, hostile, false, [])?.tooltip ?? assert.fail(),
  ];
  for (const tooltip of tooltips) {
    assert.ok(tooltip.includes('command'), 'their words are there');
    // What is escaped is a letter like any other.
    const rest = tooltip.replaceAll(/\\[!-/:-@[-`{-~]/g, '');
    assert.doesNotMatch(rest, /[<>[\]`$!]/, tooltip);
    assert.doesNotMatch(rest, /https?:|command:|^#/m, tooltip);
  }
});

test('in rows of trees they are one line, in which nothing steers how the rest is read', () => {
  const slots = new WorkersTree({
    slots: () =>
      new Map([
        [
          'run-one',
          [
            {
              slot: 0,
              state: hostile,
              detail: hostile,
              pid: null,
              gpuUuid: null,
              gpus: [],
              gpuProblem: hostile,
              activities: [{ candidate: 1, doing: hostile, since: 0 }],
            },
          ],
        ],
      ]),
    summary: () => run,
  });
  const [top] = slots.children(undefined);
  const [slot] = slots.children(top);
  const [activity] = slots.children(slot);
  assert.ok(top && slot && activity);
  const rows = [
    ...[failed, scored, begun].map((one) => candidateRow(one, seen, null)),
    runRow(run),
    taskRow({ kind: 'task', id: 'x', listing }),
    taskRow({ kind: 'task', id: 'x', listing: { ...listing, problem: null } }),
    ...[top, slot, activity].map((node) => slots.row(node, 0)),
  ];
  for (const { label, description, spoken } of rows.map(inertRow))
    for (const text of [label, description, spoken]) assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u, text);
});

/** As VS Code finds links in messages and questions (`parseLinkedText`); they may lead to commands. */
const linkInMessage = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

test('in messages at the corner of the window they are no links', () => {
  assert.match(hostile, linkInMessage);
  const refusal = new RemoteError('run.start', 1, 'bad_input', hostile);
  const words = [
    hostile,
    explain(new Error(hostile)).message,
    explain(refusal).message,
    requestWords({ kind: 'submit', program: 'x', summary: hostile }),
    '[[x](command:y)](command:z)',
    '[a](https://b)[c](file:///d)',
  ];
  for (const text of words) assert.doesNotMatch(unlinked(text), linkInMessage, text);
});

test('every row becomes an item of a tree by way of the function that makes it inert', () => {
  const source = readFileSync(join(import.meta.dirname, 'views', 'treeItem.ts'), 'utf8');
  assert.match(source, /const row = inertRow\(/);
});

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
);
const only = (pattern: RegExp) =>
  sources.filter((path) => pattern.test(readFileSync(join(import.meta.dirname, path), 'utf8'))).sort();

test('no markdown of the extension is trusted or has HTML, and every message goes the way on which links are taken out', () => {
  assert.ok(sources.length > 80);
  assert.deepEqual(only(/supportHtml|(?<!workspace)\.isTrusted\b(?!\()\s*=|appendMarkdown|enabledCommands/), []);
  assert.deepEqual(only(/new (vscode\.)?MarkdownString\([^)]*, true/), []);
  assert.deepEqual(only(/show(Information|Warning|Error)Message/), ['ui/ask.ts', 'ui/notify.ts']);
  assert.deepEqual(only(/\.report\(\{/), ['views/progress.ts']);
  assert.deepEqual(only(/showInputBox|createInputBox/), ['ui/ask.ts']);
});

test('every list of choices goes the way on which icons are taken out of words, and no label brings its own', () => {
  assert.deepEqual(only(/showQuickPick|createQuickPick/), ['ui/ask.ts', 'ui/steps.ts']);
  assert.deepEqual(only(/showQuickPick\((?!choiceItems\()|\.items = (?!items)/), []);
  assert.deepEqual(only(/label: (l10n\.t\()?['`]\$\(/), []);
  assert.deepEqual(only(/setStatusBarMessage/), ['ui/ask.ts']);
});
