import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import packageNls from '../../extension/package.nls.json' with { type: 'json' };
import type { RunEventBody } from '../../protocol/run.ts';
import { formatScore } from '../../protocol/score.ts';
import { SyntheticEvents } from '../support/syntheticRun.ts';
import { bestOf, openDashboard, pixelsOf } from './dashboardPage.ts';
import { closeBrowser, seriousFindings, themes, until } from './panelPage.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

/** Long enough that some of its programs fail. */
const withFailures = { candidates: 200, running: 3, priced: true };

for (const theme of themes)
  test(`no serious finding of axe in any view, and nothing that the policy forbids: ${theme}`, limits, async () => {
    await using panel = await openDashboard({
      theme,
      run: { candidates: 60, unsealed: true, priced: true },
      change: (reset) => {
        reset.selected = bestOf(reset).id;
      },
    });
    for (const view of ['Score', 'Lineage', 'Slots', 'Cost', 'Search against Validation']) {
      await panel.show(view);
      await panel.page.waitForTimeout(150);
      assert.deepEqual(await seriousFindings(panel.page), [], view);
      const table = panel.page.getByRole('button', { name: 'Table', exact: true });
      // What a table is made of depends on no theme, and takes long to look through.
      if (theme !== 'dark' || (await table.count()) === 0) continue;
      await table.click();
      await panel.page.getByRole('grid').waitFor();
      assert.deepEqual(await seriousFindings(panel.page), [], `${view} as a table`);
      await table.click();
    }
    const forbidden = await panel.page.evaluate(() => window.violations);
    // The component library tries one inline sheet that it can do without.
    assert.ok(forbidden.length <= 1, forbidden.join('\n'));
    assert.deepEqual(panel.errors, []);
  });

const steering = ['Fork…', 'Use as Crossover Parent', 'Cross…', 'Edit and Submit', 'Re-evaluate with New Seeds…'];
const titles = Object.entries(packageNls).flatMap(([key, title]) => (key.startsWith('command.') ? [title] : []));

test(
  'what a run would refuse is not offered of its candidates; one that is down takes it for later',
  limits,
  async () => {
    for (const [state, offered, isExcludable] of [
      ['running', steering, true],
      ['interrupted', steering, true],
      ['stopping', [], true],
      ['finished', [], false],
    ] as const) {
      await using panel = await openDashboard({
        change: (reset) => {
          reset.summary.state = state;
          reset.selected = bestOf(reset).id;
        },
      });
      const { page } = panel;
      await page.getByRole('button', { name: 'More Actions…' }).click();
      await page.getByRole('menu').waitFor();
      const items = (await page.getByRole('menuitem').allTextContents()).map((text) => text.trim());
      assert.deepEqual(
        items.filter((item) => steering.includes(item)),
        offered,
        state,
      );
      assert.equal(items.includes('Exclude from Sampling'), isExcludable, state);
      assert.deepEqual(
        items.filter((item) => !titles.includes(item)),
        [],
        'as the commands are called everywhere',
      );
      assert.ok(items.includes('Open Program') && items.includes('Pin'), state);
    }
  },
);

test(
  'a click on a point selects its candidate here and in the tree, and a selection there shows here',
  limits,
  async () => {
    await using panel = await openDashboard({ run: withFailures });
    const { page, reset } = panel;
    const best = bestOf(reset);
    const place = await panel.placeOf(best.id);
    await page.mouse.move(place.x, place.y);
    await page.locator('.tip').getByText(`#${best.id}`, { exact: true }).waitFor();
    await page.mouse.click(place.x, place.y);
    assert.deepEqual(await panel.says('select'), { type: 'select', candidate: best.id });
    await page.getByRole('heading', { level: 2, name: `#${best.id}` }).waitFor();

    const other = reset.candidates.find(({ failure }) => failure !== null);
    assert.ok(other);
    await panel.send({ type: 'select', candidate: other.id });
    await page.getByRole('heading', { level: 2, name: `#${other.id}` }).waitFor();
    await page.getByText('ValueError: shapes do not match', { exact: false }).waitFor();
    assert.deepEqual(await panel.said(), [], 'what the host told is not told back to it');
  },
);

test('the relatives are reached, selected and acted upon with the keyboard alone', limits, async () => {
  await using panel = await openDashboard({
    change: (reset) => {
      const child = reset.candidates.find(({ parents, search }) => parents.length === 1 && search !== null);
      reset.selected = child?.id ?? null;
    },
  });
  const { page, reset } = panel;
  const child = reset.candidates.find(({ id }) => id === reset.selected);
  const [parent] = child?.parents ?? [];
  assert.ok(child && parent !== undefined);
  const tree = page.getByRole('tree');
  await tree.getByRole('treeitem').first().focus();
  await page.keyboard.press('ArrowDown');
  await until(() => page.evaluate(() => document.activeElement !== document.body), Boolean, 'the focus is in the tree');
  await page.keyboard.press('Shift+F10');
  const menu = page.getByRole('menu', { name: `Candidate ${parent}` });
  await menu.waitFor();
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  assert.deepEqual(await panel.says('select'), { type: 'select', candidate: parent });
  await page.getByRole('heading', { level: 2, name: `#${parent}` }).waitFor();

  await page.getByRole('button', { name: 'More Actions…' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  for (const item of await page.getByRole('menuitem').allTextContents()) {
    if (item.includes('Cross…')) break;
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  assert.deepEqual(await panel.says('command'), {
    type: 'command',
    command: 'cross',
    run: reset.summary.id,
    candidates: [parent],
  });
});

test('events are folded in as they come: a new best shows in head, plot and relatives', limits, async () => {
  await using panel = await openDashboard();
  const { page, reset } = panel;
  const events = new SyntheticEvents(reset).take(4);
  const [started] = events;
  assert.ok(started?.body.type === 'candidate_started');
  const { id } = started.body.candidate;
  const scored: RunEventBody = {
    type: 'candidate_scored',
    id,
    search: { value: 0.111, standardError: 0.01, rows: 100 },
    evaluation: [],
    suspiciouslyPerfect: false,
  };
  const last = events.at(-1);
  await panel.send({
    type: 'events',
    events: [...events, { seq: (last?.seq ?? 0) + 1, at: (last?.at ?? 0) + 1, body: scored }],
  });
  await page.getByText('0.11100').first().waitFor();
  await page.getByText('61 of 75').waitFor();
  await page
    .getByRole('treeitem', { name: `#${id} 0.11100` })
    .first()
    .waitFor();
  const { x, y } = await panel.placeOf(id);
  await page.mouse.click(x, y);
  assert.deepEqual(await panel.says('select'), { type: 'select', candidate: id });
});

test('when an event is missing the panel asks for the whole run again, and goes on from that', limits, async () => {
  await using panel = await openDashboard();
  const [, second] = new SyntheticEvents(panel.reset).take(2);
  await panel.send({ type: 'events', events: [second] });
  await panel.says('ready');
  await panel.send({ ...panel.reset, title: 'Once more' });
  await panel.page.getByRole('heading', { level: 1, name: 'Once more' }).waitFor();
  assert.deepEqual(panel.errors, []);
});

test(
  'the table holds what the plot shows, sorted with the best first, and keeps the document small',
  limits,
  async () => {
    await using panel = await openDashboard({ run: { candidates: 5000 } });
    const { page, reset } = panel;
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    const grid = page.getByRole('grid');
    assert.equal(await grid.getAttribute('aria-rowcount'), '5001');
    await grid.getByRole('button', { name: 'Search' }).click();
    await grid.getByRole('button', { name: 'Search' }).click();
    const first = grid.getByRole('row').nth(1);
    await first.getByText(formatScore(bestOf(reset).search?.value ?? 0)).waitFor();
    await first.click();
    assert.deepEqual(await panel.says('select'), { type: 'select', candidate: bestOf(reset).id });
    const nodes = await page.evaluate(() => {
      const roots: ParentNode[] = [document];
      let count = 0;
      for (const root of roots)
        for (const element of root.querySelectorAll('*')) {
          count += 1;
          if (element.shadowRoot !== null) roots.push(element.shadowRoot);
        }
      return count;
    });
    assert.ok(nodes < 3000, `${nodes} elements`);
  },
);

test('zooming and moving keep what is under the pointer, and 0 shows all again', limits, async () => {
  await using panel = await openDashboard();
  const { page } = panel;
  // In the middle there is room to move to all sides.
  const id = await panel.middle();
  const place = await panel.placeOf(id);
  await page.mouse.move(place.x, place.y);
  for (let i = 0; i < 5; i += 1) await page.mouse.wheel(0, -200);
  await page.waitForTimeout(250);
  await page.mouse.click(place.x, place.y);
  assert.deepEqual(await panel.says('select'), { type: 'select', candidate: id });
  const tip = page.locator('.tip');
  /** The plot may still be on its way: what is under the mouse is looked at only when that moves. */
  const showsAt = (x: number, y: number) =>
    until(
      async () => {
        await page.mouse.move(2, 2);
        await tip.waitFor({ state: 'hidden' });
        await page.mouse.move(x, y);
        const told = tip.getByText(`#${id}`, { exact: true }).waitFor({ timeout: 1000 });
        return told.then(
          () => true,
          () => false,
        );
      },
      (isShown) => isShown,
      `candidate ${id} is at ${x}, ${y}`,
    );
  await showsAt(place.x + 2, place.y);
  await page.mouse.down();
  await page.mouse.move(place.x + 60, place.y + 40, { steps: 4 });
  await page.mouse.up();
  await showsAt(place.x + 60, place.y + 41);
  await page.locator('aira-population-plane .ground').focus();
  await page.keyboard.press('0');
  await showsAt(place.x, place.y);
});

test('canvases follow the theme, also while they are open', limits, async () => {
  await using panel = await openDashboard({ theme: 'dark' });
  const base = 'aira-population-plane .marks';
  const blue: [number, number, number] = [0x59, 0xa4, 0xf9];
  const magenta: [number, number, number] = [0xff, 0, 0xff];
  await until(
    () => pixelsOf(panel, base, blue),
    (count) => count > 100,
    'marks in the colour of the theme',
  );
  assert.equal(await pixelsOf(panel, base, magenta), 0);
  await panel.page.evaluate(() => document.documentElement.style.setProperty('--vscode-charts-blue', '#ff00ff'));
  await until(
    () => pixelsOf(panel, base, magenta),
    (count) => count > 100,
    'marks in the new colour',
  );
  assert.equal(await pixelsOf(panel, base, blue), 0);
});

test('where the system decides on colours, marks are drawn in its own', limits, async () => {
  await using panel = await openDashboard({ theme: 'high-contrast' });
  await panel.page.emulateMedia({ forcedColors: 'active' });
  await panel.page.evaluate(() => document.body.classList.toggle('again'));
  const black: [number, number, number] = [0, 0, 0];
  const white: [number, number, number] = [255, 255, 255];
  await until(
    async () =>
      (await pixelsOf(panel, 'aira-population-plane .marks', black)) +
      (await pixelsOf(panel, 'aira-population-plane .marks', white)),
    (count) => count > 200,
    'marks in CanvasText',
  );
  assert.deepEqual(panel.errors, []);
});

test(
  'medals and reference scores are lines across the plot, named with their scores for those who see no plot',
  limits,
  async () => {
    const violet: [number, number, number] = [0xc0, 0x20, 0xf0];
    const inked = async (kind: 'medal' | 'baseline' | null) => {
      await using panel = await openDashboard({
        change: (reset) => {
          const scores = reset.candidates.flatMap(({ search }) => (search === null ? [] : [search.value]));
          const score = scores.sort((a, b) => a - b)[scores.length >> 1] ?? 0;
          reset.references = kind === null ? [] : [{ kind, name: 'gold', score }];
        },
      });
      const { page, reset } = panel;
      await page.evaluate(() =>
        document.documentElement.style.setProperty('--vscode-descriptionForeground', '#c020f0'),
      );
      for (const { score } of reset.references)
        for (const view of ['Lineage', 'Score']) {
          await panel.show(view);
          const words = `${kind === 'medal' ? 'medal' : 'reference'} gold: ${formatScore(score)}`;
          await page.getByText(words, { exact: true }).waitFor();
        }
      if (kind === null) await page.waitForTimeout(1000);
      else
        await until(
          () => pixelsOf(panel, 'aira-population-plane .overlay', violet),
          (count) => count > 100,
          'a line',
        );
      assert.deepEqual(panel.errors, []);
      return await pixelsOf(panel, 'aira-population-plane .overlay', violet);
    };
    const [none, medal, baseline] = [await inked(null), await inked('medal'), await inked('baseline')];
    assert.equal(none, 0);
    assert.ok(medal > 1.3 * baseline, `long dashes (${medal} pixels), short ones (${baseline})`);
  },
);

test('nothing that a model writes becomes more than text, or turns the rest of a line around', limits, async () => {
  const hostile = `<img src=x onerror="window.reached.push(1)"><b>bold</b>\u202Etxt.exe\u0007 $\{reached.push(2)}`;
  await using panel = await openDashboard({
    run: withFailures,
    change: (reset) => {
      reset.title = hostile;
      reset.summary.caveats = [hostile];
      reset.summary.outage = hostile;
      for (const candidate of reset.candidates) {
        candidate.summary = hostile;
        candidate.idea = hostile;
        candidate.author = hostile;
        candidate.guidance = hostile;
        if (candidate.failure !== null) candidate.failure = { kind: 'program_error', message: hostile };
      }
      reset.references = [{ kind: 'medal', name: hostile, score: 0.5 }];
      reset.selected = reset.candidates.find(({ failure }) => failure !== null)?.id ?? null;
    },
  });
  const { page } = panel;
  await panel.send({
    type: 'slots',
    slots: [
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
  });
  const { x, y } = await panel.placeOf(bestOf(panel.reset).id);
  await page.mouse.move(x, y);
  await page.locator('.tip').getByText('<b>bold</b>', { exact: false }).waitFor();
  for (const view of ['Lineage', 'Slots', 'Cost', 'Score']) await panel.show(view);
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await page.getByRole('grid').getByText('<b>bold</b>', { exact: false }).first().waitFor();
  assert.deepEqual(await page.evaluate(() => window.reached), []);
  const text = await page.evaluate(() => document.querySelector('aira-dashboard')?.shadowRoot?.textContent ?? '');
  assert.ok(!text.includes('\u202E'));
  assert.equal(await page.locator('img, aira-dashboard b').count(), 0);
  assert.deepEqual(panel.errors, []);
});

test('a panel that is restored shows the view that it showed, and keeps only what it shows', limits, async () => {
  await using panel = await openDashboard();
  const { page, reset } = panel;
  await panel.show('Cost');
  assert.deepEqual(await panel.says('tab'), { type: 'tab', tab: 'cost' });
  const kept = { kind: 'dashboard', run: reset.summary.id, tab: 'cost' };
  assert.deepEqual(await page.evaluate(() => window.kept), kept);

  await page.addInitScript((state) => {
    window.kept = state;
  }, kept);
  await page.reload();
  await panel.says('ready');
  await panel.send(reset);
  await page.getByRole('tab', { name: 'Cost', selected: true }).waitFor();
});

test('slots tell what they do now, and how long they stood idle', limits, async () => {
  await using panel = await openDashboard();
  const { page, reset } = panel;
  await panel.show('Slots');
  const busy = reset.candidates.at(-1);
  assert.ok(busy);
  await panel.send({
    type: 'slots',
    slots: [
      {
        slot: 1,
        state: 'ready',
        detail: '',
        pid: 7,
        gpuUuid: 'GPU-1',
        gpus: [
          {
            uuid: 'GPU-1',
            index: 0,
            name: 'H200',
            utilizationPercent: 87,
            memoryUsedMb: 20_480,
            memoryTotalMb: 143_360,
            temperatureC: null,
            powerW: null,
          },
        ],
        gpuProblem: null,
        activities: [{ candidate: busy.id, doing: 'python', since: Date.now() - 90_000 }],
      },
    ],
  });
  const row = page.getByRole('row', { name: `1 #${busy.id} python for` });
  await row.getByText('GPU 0 H200 · 87 % · 20 / 140 GiB').waitFor();
  await row.getByRole('button', { name: `#${busy.id}` }).click();
  assert.deepEqual(await panel.says('select'), { type: 'select', candidate: busy.id });
  await page.getByRole('columnheader', { name: 'Idle' }).waitFor();
});
