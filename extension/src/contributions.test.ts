import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod';
import { CandidateState, RunState } from '../../protocol/run.ts';
import {
  commandId,
  commandNames,
  contextKeys,
  languageModelTools,
  panelViewTypes,
  programScheme,
  settingNames,
  trustedCommands,
  View,
  walkthroughId,
} from './ids.ts';
import { orders } from './runs/candidateOrder.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));

const Item = z.object({ command: z.string(), when: z.string().optional(), group: z.string().optional() });
const Manifest = z.object({
  activationEvents: z.array(z.string()),
  capabilities: z.object({ untrustedWorkspaces: z.object({ restrictedConfigurations: z.array(z.string()) }) }),
  contributes: z.object({
    commands: z.array(
      z.object({ command: z.string(), title: z.string(), category: z.string(), enablement: z.string().optional() }),
    ),
    views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
    menus: z.record(z.string(), z.array(Item)),
    configuration: z.object({
      properties: z.record(z.string(), z.object({ default: z.unknown(), enum: z.array(z.string()).optional() })),
    }),
    walkthroughs: z.array(
      z.object({
        id: z.string(),
        steps: z.array(z.object({ completionEvents: z.array(z.string()), media: z.object({ markdown: z.string() }) })),
      }),
    ),
    languageModelTools: z.array(z.object({ name: z.string() })),
  }),
});

const text = JSON.stringify(read('package.json'));
const { activationEvents, capabilities, contributes } = Manifest.parse(read('package.json'));
const nls = z.record(z.string(), z.string()).parse(read('package.nls.json'));
const allCommands = commandNames.map(commandId);
const sorted = (values: Iterable<string>) => [...values].sort();

test('the manifest declares every command of the code and no other, each under one category', () => {
  assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(allCommands));
  assert.ok(contributes.commands.every(({ category }) => category === 'AIRA2'));
});

test('commands that run programs are disabled in Restricted Mode, the same that the code refuses there', () => {
  const disabled = contributes.commands.filter(({ enablement }) => enablement?.includes('isWorkspaceTrusted'));
  assert.deepEqual(sorted(disabled.map(({ command }) => command)), sorted([...trustedCommands].map(commandId)));
});

test('menus and links name commands that there are', () => {
  const own = new Set<string>(allCommands);
  const builtin = new Set(['workbench.trust.manage', 'vscode.openFolder', 'aira2.tasks.focus']);
  for (const items of Object.values(contributes.menus))
    for (const { command } of items) assert.ok(own.has(command), command);
  for (const [, command] of [
    ...Object.values(nls)
      .join('\n')
      .matchAll(/\(command:([\w.]+)\)/g),
  ])
    assert.ok(command !== undefined && (own.has(command) || builtin.has(command)), command);
});

test('every row of a menu has its place, and no row shows more than three buttons at once', () => {
  const inline = new Map<string, Set<string>>();
  for (const { when = '', group = '' } of contributes.menus['view/item/context'] ?? []) {
    assert.match(group, /^\w+@\d+$/);
    if (!group.startsWith('inline')) continue;
    const kind = /viewItem =~ \/;(\w+);\//.exec(when)?.[1] ?? '';
    inline.set(kind, (inline.get(kind) ?? new Set()).add(group));
  }
  for (const [kind, places] of inline) assert.ok(places.size <= 3, kind);
});

test('what a run may refuse is in menus only where it takes it', () => {
  const items = contributes.menus['view/item/context'] ?? [];
  const needs = {
    steerable: ['fork', 'markCrossoverParent', 'cross', 'editAndSubmit', 'reevaluate'],
    excludable: ['exclude', 'include'],
  };
  for (const [token, names] of Object.entries(needs))
    for (const name of names) {
      const found = items.filter(({ command }) => command === `aira2.${name}`);
      assert.ok(found.length > 0, name);
      for (const { when = '' } of found) assert.ok(when.includes(`viewItem =~ /;${token};/`), `${name}: ${when}`);
    }
});

test('what the documentation names is named so in the editor', () => {
  const page = readFileSync(new URL('../../docs/vscode.md', import.meta.url), 'utf8');
  const ours = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
    .join('');
  const elsewhere = new Set(['Extensions: Install from VSIX…', 'Sealed']);
  const named = [...page.matchAll(/\*\*?([^*]+?)\*\*?/g)].map(([, name = '']) =>
    name.replaceAll(/\s+/g, ' ').replace(/^AIRA2: /, ''),
  );
  assert.ok(named.length > 30);
  const isThere = (name: string) => Object.values(nls).includes(name) || ours.includes(`l10n.t('${name}')`);
  assert.deepEqual(
    named.filter((name) => !elsewhere.has(name) && !isThere(name)),
    [],
  );
});

test('every token that menus look for is one that rows have', () => {
  const sources = ['runs/candidateRow.ts', 'runs/runRow.ts', 'tasks/tasksTree.ts', 'workers/workersTree.ts']
    .map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
    .join('');
  const states = [...CandidateState.options, ...RunState.options];
  for (const { when = '' } of contributes.menus['view/item/context'] ?? [])
    for (const [, token = ''] of when.matchAll(/viewItem =~ \/;(\w+);\//g))
      assert.ok(sources.includes(`'${token}'`) || states.some((state) => state === token), token);
});

test('context keys in `when` clauses are those that the code sets', () => {
  const known = new Set([
    ...Object.keys(contextKeys),
    ...Object.values(View),
    ...allCommands,
    ...Object.keys(contributes.configuration.properties),
    ...Object.values(panelViewTypes),
    walkthroughId,
  ]);
  const whens = [
    ...Object.values(contributes.menus).flatMap((items) => items.map(({ when = '' }) => when)),
    ...contributes.commands.map(({ enablement = '' }) => enablement),
    ...contributes.viewsWelcome.map(({ when }) => when),
  ];
  for (const when of whens)
    for (const [key] of when.matchAll(/aira2\.\w+/g)) assert.ok(known.has(key), `${key} in ${when}`);
});

test('views, settings, panels, tools, walkthrough and file system have the same names in both', () => {
  assert.deepEqual(
    sorted(Object.values(contributes.views).flatMap((views) => views.map(({ id }) => id))),
    sorted(Object.values(View)),
  );
  assert.deepEqual(
    sorted(Object.keys(contributes.configuration.properties)),
    sorted(Object.keys(settingNames).map((name) => `aira2.${name}`)),
  );
  for (const viewType of Object.values(panelViewTypes))
    assert.ok(activationEvents.includes(`onWebviewPanel:${viewType}`));
  assert.ok(activationEvents.includes(`onFileSystem:${programScheme}`));
  assert.deepEqual(sorted(contributes.languageModelTools.map(({ name }) => name)), sorted(languageModelTools));
  assert.equal(contributes.walkthroughs[0]?.id, walkthroughId);
  assert.deepEqual(contributes.configuration.properties['aira2.runs.order']?.enum, [...orders]);
});

test('nothing starts the extension before it is needed', () => {
  assert.doesNotMatch(text, /onStartupFinished|"\*"|workspaceContains/);
});

test('settings that lead to another machine or program are ignored where a workspace is not trusted', () => {
  const { restrictedConfigurations } = capabilities.untrustedWorkspaces;
  const leading = Object.keys(settingNames).filter((name) => /^(home|python|server|tasks)/.test(name));
  assert.deepEqual(sorted(restrictedConfigurations), sorted(leading.map((name) => `aira2.${name}`)));
});

test('every text of the manifest is translatable, and no translation is left over', () => {
  const used = new Set([...text.matchAll(/%([\w.]+)%/g)].map(([, key]) => key));
  assert.deepEqual(sorted(Object.keys(nls)), sorted([...used].filter((key) => key !== undefined)));
});

test('pages of the walkthrough exist, and its steps are ticked off by commands that there are', () => {
  for (const { steps } of contributes.walkthroughs)
    for (const { completionEvents, media } of steps) {
      assert.ok(readFileSync(new URL(`../../${media.markdown}`, import.meta.url), 'utf8').length > 100, media.markdown);
      for (const event of completionEvents) {
        const [kind, name = ''] = event.split(':');
        if (kind === 'onCommand')
          assert.ok(
            allCommands.some((id) => id === name),
            event,
          );
        else assert.ok(kind === 'onContext' && name in contextKeys, event);
      }
    }
});
