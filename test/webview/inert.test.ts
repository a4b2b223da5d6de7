/** Every text that reaches a panel from elsewhere is hostile at once, in every panel: all of it stays text. Rows and messages: extension/src/inert.test.ts. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { answer, itemsOf, observed, started } from '../../webview/trajectory/sampleEvents.ts';
import { compared } from '../support/comparedRuns.ts';
import { syntheticRun } from '../support/syntheticRun.ts';
import { closeBrowser, type OpenPanel, openPanel, until } from './panelPage.ts';
import { began, sampleCandidate, sampleRun } from './sampleRun.ts';
import { samplePlan, sampleStart } from './sampleStart.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

const reach = 'window.reached.push(1)';
const hostile = [
  `<img src=https://evil.test/x.png onerror="${reach}"><b>bold</b>`,
  `<script>${reach}</script><style>*{display:none}</style>`,
  `<a href="javascript:${reach}">here</a>`,
  `[click](javascript:${reach}) ![x](https://evil.test/y.png)`,
  `"><svg onload=${reach}>`,
  '\u202Etxt.exe\u2066\u0007\u001b[2J',
  ['$', '{constructor.constructor("window.reached.push(2)")()}'].join(''),
].join(' ');

/** Fields that the messages' schemas let be one of a few words only, or a name without room for anything. */
const fixed = new Set([
  ...['type', 'kind', 'id', 'state', 'operator', 'origin', 'direction', 'sandbox', 'search', 'operators', 'evaluation'],
  ...['outcome', 'finish', 'basis', 'replayOf', 'splitHash', 'scoringHash', 'callId', 'keptOutput', 'uuid', 'gpuUuid'],
]);

/** The same message, with every other text in it hostile. */
function poisoned(message: object): object {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, poisonedValue(value, name)]));
}

function poisonedValue(value: unknown, key: string): unknown {
  if (typeof value === 'string') return fixed.has(key) ? value : hostile;
  if (Array.isArray(value)) return value.map((item) => poisonedValue(item, key));
  return typeof value === 'object' && value !== null ? poisoned(value) : value;
}

const send = (panel: OpenPanel, ...messages: object[]) => panel.send(...messages.map(poisoned));

/** Elements, attributes and texts that only markup of somebody else's could have made. */
function strangeThings(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const spoken = /^(title|label|placeholder|alt|aria-.*)$/;
    const turning = /[\u202a-\u202e\u2066-\u2069]/;
    const found: string[] = [];
    const roots: ParentNode[] = [document];
    for (const root of roots)
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot !== null) roots.push(element.shadowRoot);
        if (element.closest('head') !== null || element.matches('body > script')) continue;
        if (/^(img|script|iframe|object|embed|base|link|b|meta)$/.test(element.localName))
          found.push(element.localName);
        if (element.localName === 'style' && element.textContent?.includes('*{display:none}')) found.push('style');
        for (const { name, value } of element.attributes)
          if (turning.test(value) && spoken.test(name))
            found.push(`${element.localName} ${name}: ${value.slice(0, 80)}`);
          else if (name.startsWith('on') || /^\s*javascript:/i.test(value)) found.push(`${element.localName} ${name}`);
        for (const node of element.childNodes)
          if (node.nodeType === Node.TEXT_NODE && turning.test(node.textContent ?? ''))
            found.push(`${element.localName}: ${node.textContent?.slice(0, 80)}`);
      }
    return found;
  });
}

async function assertInert(panel: OpenPanel, asked: string[], what: string): Promise<void> {
  const { page, errors } = panel;
  assert.deepEqual(await strangeThings(page), [], what);
  assert.deepEqual(await page.evaluate(() => window.reached), [], what);
  assert.deepEqual(asked, [], `${what}: nothing is fetched from elsewhere`);
  assert.deepEqual(errors, [], what);
}

/** Addresses that the page asks for from now on. */
function requests(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  return asked;
}

const isShown = (page: Page, text: string) =>
  until(
    () => page.getByText(text, { exact: false }).count(),
    (count) => count > 0,
    `${text} is on the screen`,
  );

test('in a trajectory', limits, async () => {
  await using panel = await openPanel('trajectory', { height: 1600 });
  const { page } = panel;
  const asked = requests(page);
  const items = itemsOf([
    { ...started(), model: 'm', prompt: 'p' } as TrajectoryEvent,
    answer(1, began + 10_000, { reason: 'r', code: 'c' }),
    observed(1, began + 20_000, { text: 't' }),
    answer(2, began + 30_000, { reason: 'r', tool: 'python', code: 'c' }),
    observed(2, began + 40_000, { text: 't', isError: true }),
    { type: 'notice', at: began + 41_000, step: 2, kind: 'news', text: 't' },
    { type: 'ended', at: began + 42_000, step: 2, reason: 'failed', detail: 'd' },
  ]);
  const candidate = sampleCandidate({
    state: 'failed',
    search: null,
    idea: 'i',
    guidance: 'g',
    failure: { kind: 'program_error', message: 'm' },
  });
  const reset = { type: 'reset', run: sampleRun(), title: 't', candidate, items, total: items.length };
  await send(panel, reset);
  await isShown(page, '<b>bold</b>');
  for (const more of await page.getByText(/Show .* more lines?/).all()) await more.click();
  await send(panel, { type: 'link', state: 'reconnecting', host: 'h' });
  await isShown(page, '<script>');
  await assertInert(panel, asked, 'trajectory');
});

test('on a dashboard', limits, async () => {
  await using panel = await openPanel('dashboard', { width: 1200, height: 900 });
  const { page } = panel;
  const asked = requests(page);
  const reset = syntheticRun({ candidates: 60, running: 3, priced: true, unsealed: true });
  reset.selected = reset.candidates.find(({ failure }) => failure !== null)?.id ?? 1;
  Object.assign(reset.summary, { caveats: ['c'], interruption: 'i', endReason: 'e' });
  for (const one of reset.candidates) Object.assign(one, { idea: 'i', guidance: 'g' });
  const slots = [
    {
      slot: 0,
      state: 's',
      detail: 'd',
      pid: 1,
      gpuUuid: null,
      gpus: [],
      gpuProblem: 'p',
      activities: [{ candidate: 1, doing: 'd', since: 0 }],
    },
  ];
  await send(panel, reset, { type: 'slots', slots });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await send(panel, { type: 'link', state: 'reconnecting', host: 'h' });
  for (const view of ['Score', 'Lineage', 'Slots', 'Cost', 'Search against Validation']) {
    await page.getByRole('tab', { name: view, exact: true }).click();
    const table = page.getByRole('button', { name: 'Table', exact: true });
    if ((await table.count()) > 0) await table.click();
    await page.waitForTimeout(200);
    await assertInert(panel, asked, view);
    if ((await table.count()) > 0) await table.click();
  }
  await isShown(page, '<b>bold</b>');
});

test('in a comparison of runs', limits, async () => {
  await using panel = await openPanel('compare', { width: 1200, height: 820 });
  const { page } = panel;
  const asked = requests(page);
  const scores = [0.9, 0.7, null, 0.5];
  const runs = [1, 2].map((seed) => compared({ seed, scores, every: 60_000, selected: 2, test: 0.6 }));
  const [one] = runs;
  assert.ok(one !== undefined);
  for (const { summary } of runs) Object.assign(summary, { caveats: ['c'], outage: 'o', endReason: 'e' });
  await send(panel, {
    type: 'reset',
    title: 't',
    runs,
    available: [{ ...one.summary, id: '20260101-000009-toy-aa09' }],
    references: [{ kind: 'medal', name: 'n', score: 0.6 }],
  });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await isShown(page, '<b>bold</b>');
  for (const box of await page.getByRole('combobox').all()) {
    await box.click();
    await assertInert(panel, asked, 'choices');
    await page.keyboard.press('Escape');
  }
  await page.locator('aira-line-chart').first().hover();
  await assertInert(panel, asked, 'comparison');
});

test('in the form of a new run', limits, async () => {
  let plan = 0;
  await using panel = await openPanel('start', {
    host: (message) => {
      if (message.type !== 'plan') return [];
      plan += 1;
      const made = { ...samplePlan({ model: 'gemini:x', candidates: 3 }), warnings: ['w', 'v'] };
      return [{ type: 'plan', number: message.number, plan: poisoned(made) }];
    },
  });
  const { page } = panel;
  const asked = requests(page);
  const form = sampleStart({ task: hostile });
  form.offered = [{ id: 'copilot/x', label: 'l', maxInputTokens: 1000 }];
  form.machine.pythonProblem = 'p';
  await send(panel, { ...form, settings: {} });
  await page.getByRole('heading', { name: 'Start a run' }).waitFor();
  await isShown(page, '<b>bold</b>');
  for (const box of await page.getByRole('combobox').all()) {
    await box.click();
    await assertInert(panel, asked, 'choices');
    await page.keyboard.press('Escape');
  }
  for (const provider of await page.getByRole('radio').all()) {
    await provider.click();
    await assertInert(panel, asked, 'a provider');
  }
  await send(panel, { type: 'tested', report: { ok: false, kind: 'auth', message: 'm' } });
  await send(panel, { type: 'starting', message: 'm' });
  await page.waitForTimeout(200);
  await assertInert(panel, asked, 'starting');
  await send(panel, { type: 'failed', message: 'm' });
  await page.waitForTimeout(200);
  await assertInert(panel, asked, 'failed');
  assert.ok(plan > 0);
});
