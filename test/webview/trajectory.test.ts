import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { answer, itemsOf, observed, started } from '../../webview/trajectory/sampleEvents.ts';
import { longTrajectory } from './longTrajectory.ts';
import { closeBrowser, seriousFindings, themes, until } from './panelPage.ts';
import { began, sampleCandidate, sampleRun } from './sampleRun.ts';
import { feedState, openTrajectory } from './trajectoryPage.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

const everyKind: TrajectoryEvent[] = [
  started(),
  answer(1, began + 12_000, { reason: 'I **look** at `train.csv`.', tool: 'bash', code: 'ls -l "$AIRA_TRAIN_DIR"' }),
  observed(1, began + 20_000, { text: '\u001b[31mred\u001b[0m plain\n[ok · 5.0 s · step 1/60 · 13 min left]' }),
  { type: 'notice', at: began + 20_001, step: 1, kind: 'news', text: 'Another agent tries trees.' },
  {
    type: 'discarded',
    at: began + 25_000,
    step: 2,
    cause: 'malformed',
    finish: 'MALFORMED_FUNCTION_CALL',
    usage: { input: 900, cachedInput: 0, output: 20, thoughts: 0 },
    costUsd: 0.001,
    durationMs: 4000,
  },
  answer(2, began + 60_000, { parkedMs: 20_000, code: 'raise ValueError()' }),
  observed(2, began + 66_000, { outcome: 'error', text: 'Traceback (most recent call last):\nValueError' }),
  {
    type: 'compacted',
    at: began + 70_000,
    step: 2,
    how: 'cut',
    why: 'budget',
    maskedThrough: 0,
    cutThrough: 1,
    snapshot: 'Trees are best.',
    tokensBefore: 120_000,
    tokensAfter: 40_000,
  },
  { type: 'rehearsed', at: began + 71_000, step: 2, directory: '/workspace/program', files: 1 },
  {
    type: 'near_duplicate',
    at: began + 72_000,
    step: 3,
    duplicate: { of: 4, similarity: 0.991 },
    text: 'Change something.',
  },
  { type: 'resumed', at: began + 3_600_000, step: 2, sandboxKept: false },
  answer(3, began + 3_620_000, { tool: 'submit', code: 'trees' }),
  observed(3, began + 3_621_000, { text: 'Submitted 1 files.' }),
  { type: 'ended', at: began + 3_621_100, step: 3, reason: 'submitted', detail: 'trees' },
];

test(
  'each event stands as what it is: reason, code, coloured output, tokens, cost, and what the engine did',
  limits,
  async () => {
    await using panel = await openTrajectory(itemsOf(everyKind), { height: 2600 });
    const { page } = panel;
    const row = (name: string | RegExp) => page.getByRole('article', { name });
    await until(
      () => page.locator('article').count(),
      (count) => count === 11,
      'every row stands there',
    );
    assert.equal(await row('Step 1').locator('.prose strong').innerText(), 'look');
    assert.equal(await row('Step 1').locator('pre.code .hljs-built_in').first().innerText(), 'ls');
    assert.equal(await row('Step 1').locator('pre.output .fg-red').innerText(), 'red');
    assert.match(await row('Step 1').locator('.meta').innerText(), /thought 10 s\s+12 k in, 800 out\s+\$0\.012/);
    assert.match(await row('Step 1').locator('.outcome').innerText(), /ok\s+5\.0 s\s+step 1\/60 · 13 min left/);
    assert.match(await row('Step 2').locator('.outcome').innerText(), /error/);
    assert.match(await row('Step 2').locator('.meta').innerText(), /parked 20 s/);
    for (const words of [
      'Another agent tries trees.',
      'An answer was not used (malformed) and asked for again',
      'Steps up to 1 are left out for the model',
      '120 k → 40 k tokens',
      'a copy is kept',
      'Nearly the program of #4 (99.1 %)',
      'in a fresh sandbox',
    ])
      await page.getByText(words).waitFor();
    await row(/^Submitted/).waitFor();
    await page.getByRole('button', { name: 'Open the trajectory of #4' }).click();
    const command = await panel.says('command');
    assert.deepEqual([command.command, command.candidates], ['openTrajectory', [4]]);
    assert.deepEqual(panel.errors, []);
  },
);

test('nothing that a model or program writes becomes more than text', limits, async () => {
  const reach = 'window.reached.push(1)';
  const hostile = [
    `<img src=x onerror="${reach}">`,
    `<script>${reach}</script>`,
    `<svg onload=${reach}>`,
    `[click](javascript:${reach})`,
    `![x](https://evil.test/x.png)`,
    `\u001b]8;;javascript:${reach}\u001b\\link\u001b]8;;\u001b\\ \u001b[2J\u202Etxt.exe\u2066`,
    ['$', '{constructor.constructor("window.reached.push(2)")()}'].join(''),
  ].join('\n\n');
  const items = itemsOf([
    { ...started(), model: hostile, prompt: hostile } as TrajectoryEvent,
    answer(1, began + 10_000, { reason: hostile, code: hostile }),
    observed(1, began + 20_000, { text: hostile }),
    answer(2, began + 30_000, { reason: 'x', tool: `<img src=x onerror=${reach}>`, code: 'x' }),
    observed(2, began + 40_000, { text: 'x'.repeat(10_000_000) }),
    { type: 'notice', at: began + 41_000, step: 2, kind: 'news', text: hostile },
    { type: 'ended', at: began + 42_000, step: 2, reason: 'failed', detail: hostile },
  ]);
  const candidate = sampleCandidate({
    state: 'failed',
    search: null,
    summary: hostile,
    failure: { kind: 'program_error', message: hostile },
  });
  await using panel = await openTrajectory(items, { candidate, height: 1500 });
  const { page } = panel;
  await page.getByRole('button', { name: 'What it was told about the task' }).click();
  await page
    .getByText(/9,600,000 characters are not shown|more characters/)
    .first()
    .waitFor();
  for (const link of await page.getByText(/Show .* more lines?/).all()) await link.click();
  const found = await page.evaluate(() => {
    const roots: ParentNode[] = [document];
    const names: string[] = [];
    for (const root of roots)
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot !== null) roots.push(element.shadowRoot);
        const isOurs = element.localName === 'script' && element.closest('body > script, head') !== null;
        if (/^(img|script|iframe|a|object|embed|form)$/.test(element.localName) && !isOurs)
          names.push(element.localName);
        for (const { name } of element.attributes) if (name.startsWith('on')) names.push(name);
      }
    return names;
  });
  assert.deepEqual(found, []);
  assert.deepEqual(await page.evaluate(() => window.reached), []);
  await page.getByText('<script>').first().waitFor();
  assert.ok((await page.getByText('⟨U+202E⟩txt.exe').count()) > 0);
  const { nodes } = await feedState(panel);
  assert.ok(nodes < 5000, String(nodes));
  assert.deepEqual(panel.errors, []);
});

test('a live trajectory opens at its end and follows it, but never moves what is being read', limits, async () => {
  const items = longTrajectory(60);
  const live = sampleCandidate({ state: 'running', endedAt: null, search: null });
  const open = items.slice(0, 81);
  await using panel = await openTrajectory(open, { candidate: live, first: open.length });
  const { page } = panel;
  const atEnd = (what: string) =>
    until(
      () => feedState(panel),
      ({ fromEnd }) => fromEnd < 2,
      what,
    );
  /** The feed has not moved for a while. */
  const settled = async () => {
    let before = '';
    const rests = async () => {
      await page.waitForTimeout(150);
      const now = JSON.stringify(await feedState(panel));
      const same = now === before;
      before = now;
      return same;
    };
    await until(rests, (same) => same, 'the feed comes to rest');
  };
  await atEnd('it opens at its end');
  await panel.send({ type: 'items', items: items.slice(81, 91), total: 91 });
  await page.getByRole('article', { name: /^Step 45:/ }).waitFor();
  await settled();
  await atEnd('it follows');

  await page.locator('ar-trajectory-feed').hover();
  await page.mouse.wheel(0, -3000);
  await until(
    () => feedState(panel),
    ({ fromEnd }) => fromEnd > 1000,
    'the wheel has moved it',
  );
  await settled();
  const inView = () =>
    page.locator('article').evaluateAll((articles) => {
      const first = articles.find((article) => article.getBoundingClientRect().bottom > 300);
      return [first?.getAttribute('data-index'), first?.getBoundingClientRect().top];
    });
  const before = await inView();
  await panel.send({ type: 'items', items: items.slice(91, 111), total: 111 });
  await settled();
  assert.deepEqual(await inView(), before);
  await page.getByRole('button', { name: /Jump to latest \(\d+ new\)/ }).click();
  await page.getByRole('article', { name: /^Step 55:/ }).waitFor();
  await settled();
  await atEnd('it jumps to its end');
  await page.getByRole('button', { name: /Jump to latest/ }).waitFor({ state: 'detached' });
});

test('keys lead from step to step, to failures, to the submission and back, and fold', limits, async () => {
  const items = longTrajectory(120);
  await using panel = await openTrajectory(items);
  const { page } = panel;
  /** Presses a key, and waits until the row with the keyboard is the one that it should lead to. */
  const press = async (key: string, label: RegExp) => {
    await page.keyboard.press(key);
    const current = () =>
      page
        .locator('article.current')
        .getAttribute('aria-label', { timeout: 1000 })
        .catch(() => null);
    await until(current, (words) => label.test(words ?? ''), `${key} leads to ${label}`);
  };
  const folds = (bodies: number) =>
    until(
      () => page.locator('article.current .row-body').count(),
      (count) => count === bodies,
      'Enter folds',
    );
  await page.locator('article').first().focus();
  await press('j', /^Step 1:/);
  await press('ArrowDown', /^Step 2:/);
  await until(
    () => page.locator('article:focus').count(),
    (count) => count === 1,
    'the row has the focus',
  );
  await page.keyboard.press('Enter');
  await folds(0);
  await page.keyboard.press('Enter');
  await folds(1);
  await press('e', /^Step 50:/);
  await press('e', /^Step 100:/);
  await press('E', /^Step 50:/);
  await press('s', /^Submitted/);
  await press('k', /^Step 120:/);
  const row = page.locator('article.current');
  assert.equal(await row.getAttribute('aria-posinset'), '121');
  assert.equal(await row.getAttribute('aria-setsize'), '122');
  assert.equal(await page.locator('article[tabindex="0"]').count(), 1);
});

test('all of an output comes on demand, piece by piece, and says when it was not kept', limits, async () => {
  const items = itemsOf([
    started(),
    answer(1, began + 1),
    observed(1, began + 2, { text: 'head … tail', fullTextPath: '/outputs/1' }),
  ]);
  await using panel = await openTrajectory(items);
  const { page } = panel;
  const show = page.getByText('The output was longer: show all of it');
  await show.click();
  const asked = await panel.says('output');
  assert.deepEqual([asked.index, asked.offset], [2, 0]);
  await panel.send({ type: 'output', index: 2, offset: 0, text: 'first piece', bytes: 20, nextOffset: 11 });
  await page.getByText('Bytes 0 to 11 of 20').waitFor();
  await page.getByText('Next part').click();
  assert.equal((await panel.says('output')).offset, 11);
  await panel.send({ type: 'output', index: 2, offset: 0, text: 'late and old', bytes: 20, nextOffset: 11 });
  await panel.send({ type: 'output', index: 2, offset: 11, text: 'second', bytes: 20, nextOffset: null });
  await page.getByText('second').waitFor();
  assert.equal(await page.getByText('first piece').count(), 0);
  await page.getByText('Previous part').click();
  assert.equal((await panel.says('output')).offset, 0);
  await panel.send({ type: 'output', index: 2, offset: 0, text: null, bytes: 0, nextOffset: null });
  await page.getByText('The full output was not kept.').waitFor();
});

test('a click on the strip of time leads to the step of that moment', limits, async () => {
  await using panel = await openTrajectory(longTrajectory(100));
  const { page } = panel;
  const strip = page.getByRole('slider', { name: 'Where the time went' });
  const box = await strip.boundingBox();
  assert.ok(box);
  const step = () =>
    page.locator('article').evaluateAll((articles) => {
      const label = articles.find((article) => article.className === 'current')?.getAttribute('aria-label') ?? '';
      return Number(/^Step (\d+)/.exec(label)?.[1]);
    });
  await page.mouse.click(box.x + box.width * 0.5, box.y + 15);
  const middle = await until(step, (number) => number > 40 && number < 60, 'the middle of the strip is a middle step');
  await strip.focus();
  await page.keyboard.press('PageDown');
  await until(step, (number) => number > middle + 5, 'PageDown goes on by a tenth');
  assert.match((await strip.getAttribute('aria-valuetext')) ?? '', /^Step \d+ · (python|bash|Thinking|Waiting)/);
  await page.getByText(/Thinking[\s\S]*\(\d+ %\)/).waitFor();
});

test('forks and edits are offered while the run takes them, and go when it ends', limits, async () => {
  await using panel = await openTrajectory(itemsOf(everyKind));
  const { page } = panel;
  const edit = page.getByRole('button', { name: 'Edit and Submit' });
  const fork = page.getByRole('button', { name: 'Fork' });
  for (const [state, count] of [
    ['running', 1],
    ['stopping', 0],
    ['interrupted', 1],
    ['finished', 0],
  ] as const) {
    await panel.send({ type: 'run', run: sampleRun({ state }) });
    await until(
      async () => [await fork.count(), await edit.count()],
      (counts) => counts.every((found) => found === count),
      `forks and edits of a run that is ${state}`,
    );
    assert.equal(await page.getByRole('button', { name: 'Open Program' }).count(), 1);
  }
});

test('what the panel keeps is what it shows, not how that looks', limits, async () => {
  await using panel = await openTrajectory(itemsOf(everyKind));
  assert.deepEqual(await panel.page.evaluate(() => window.kept), {
    kind: 'trajectory',
    run: sampleRun().id,
    candidate: 7,
  });
});

for (const theme of themes)
  test(`no serious finding of axe, and nothing that the policy forbids: ${theme}`, limits, async () => {
    await using panel = await openTrajectory(itemsOf(everyKind), { theme, height: 1400 });
    await panel.page.getByRole('button', { name: 'What it was told about the task' }).click();
    await panel.page.waitForTimeout(200);
    assert.deepEqual(await seriousFindings(panel.page), []);
    const forbidden = await panel.page.evaluate(() => window.violations);
    // The component library tries one inline sheet that it can do without.
    assert.ok(forbidden.length <= 1, forbidden.join('\n'));
  });
