import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, type OpenPanel, openPage, seriousFindings, themes, until } from './panelPage.ts';

const limits = { timeout: 120_000 };

after(closeBrowser);

async function gallery(options: Parameters<typeof openPage>[1] = {}): Promise<OpenPanel> {
  const panel = await openPage('test/webview/gallery.ts', { height: 1100, ...options });
  await panel.page.getByRole('heading', { name: 'Gallery' }).waitFor();
  return panel;
}

/** What elements have told since the last time, once they have told so much. */
async function hears(panel: OpenPanel, expected: unknown[]): Promise<void> {
  const heard = () => panel.page.evaluate(() => window.heard);
  await until(heard, (all) => all.length >= expected.length, `elements tell ${JSON.stringify(expected)}`);
  assert.deepEqual(await panel.page.evaluate(() => window.heard.splice(0)), expected);
}

test('fields have names, tell what is being typed and what is meant, and say what is wrong', limits, async () => {
  await using panel = await gallery();
  const { page } = panel;
  const hours = page.getByRole('textbox', { name: 'Hours (h)' });
  await hours.fill('3');
  await hours.blur();
  await hears(panel, [
    ['ar-text-field', 'ar-input', '3'],
    ['ar-text-field', 'ar-change', '3'],
  ]);
  const cost = page.getByRole('textbox', { name: 'Cost' });
  assert.equal(await cost.getAttribute('aria-invalid'), 'true');
  const described = await cost.evaluate((control) =>
    control.ariaDescribedByElements?.map(({ textContent }) => textContent?.trim()),
  );
  assert.deepEqual(described, ['Write a number.']);
  await page.getByRole('textbox', { name: 'Guidance' }).fill('Blend.');
  await hears(panel, [['ar-text-area', 'ar-input', 'Blend.']]);
});

test('choices show what they were given and tell what is chosen, once', limits, async () => {
  await using panel = await gallery();
  const { page } = panel;
  const model = page.getByRole('combobox', { name: 'Model' });
  assert.equal(await model.locator('.selected-value').innerText(), 'Two');
  await model.click();
  await page.getByRole('option', { name: 'One' }).click();
  await hears(panel, [['ar-select', 'ar-change', 'one']]);
  assert.equal(await page.getByRole('radio', { name: 'Two' }).getAttribute('aria-checked'), 'true');
  await page.getByRole('radio', { name: 'One' }).click();
  await hears(panel, [['ar-radio-group', 'ar-change', 'one']]);
  await page.getByRole('checkbox', { name: 'Keep it' }).press(' ');
  await hears(panel, [['ar-checkbox', 'ar-change', true]]);
  await page.getByRole('tab', { name: 'Second' }).click();
  await hears(panel, [['ar-tabs', 'ar-select', 'two']]);
  await page.getByText('second view').waitFor();
});

test('a link leads to pages only over https', limits, async () => {
  await using panel = await gallery();
  const { page } = panel;
  assert.equal(await page.getByRole('link').count(), 1);
  await page.getByRole('button', { name: 'no page' }).click();
  assert.deepEqual(await page.evaluate(() => window.reached), []);
});

test('of ten thousand rows a table draws those in view, and keys lead through all of them', limits, async () => {
  await using panel = await gallery();
  const { page } = panel;
  const grid = page.getByRole('grid', { name: 'Candidates' });
  assert.equal(await grid.getAttribute('aria-rowcount'), '10001');
  await until(
    () => page.locator('ar-table [data-row]').count(),
    (count) => count > 5,
    'rows are drawn',
  );
  assert.ok((await page.locator('ar-table [data-row]').count()) < 40);
  await page.locator('ar-table [data-row="0"]').click();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await hears(panel, [
    ['ar-table', 'ar-select', 1],
    ['ar-table', 'ar-select', 2],
    ['ar-table', 'ar-select', 10_000],
  ]);
  const focused = page.locator('ar-table [data-row]:focus');
  assert.equal(await focused.getAttribute('aria-rowindex'), '10001');
  assert.ok(await focused.isVisible());
  await page.keyboard.press('Enter');
  await page.getByRole('columnheader', { name: 'Candidate' }).getByRole('button').click();
  await hears(panel, [
    ['ar-table', 'ar-activate', 10_000],
    ['ar-table', 'ar-sort', { column: 'id', descending: true }],
  ]);
});

test('rows that come and go leave nothing behind in the document', limits, async () => {
  await using panel = await gallery();
  // lit-html 3.3.1 to 3.3.3 leave a marker of every row that is taken away.
  const counts = await panel.page
    .locator('ar-tree')
    .evaluate(async (tree: HTMLElement & { updateComplete?: Promise<boolean> }) => {
      const found: number[] = [];
      for (let turn = 0; turn < 40; turn++) {
        const items = ['a', 'b', 'c'].map((name) => ({ id: `${name}${turn}`, label: `#${turn}` }));
        await Object.assign(tree, { items }).updateComplete;
        found.push(tree.shadowRoot?.querySelector('.space')?.childNodes.length ?? 0);
      }
      return found;
    });
  assert.ok((counts[0] ?? 0) >= 3);
  assert.equal(counts.at(-1), counts[1], counts.join());
});

test('a tree opens what is clicked, and is led through with arrow keys and letters', limits, async () => {
  await using panel = await gallery();
  const { page } = panel;
  const item = (name: RegExp) => page.getByRole('treeitem', { name });
  await item(/#1/).click();
  await page.keyboard.press('ArrowRight');
  await item(/#2/).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.keyboard.press('o');
  await hears(panel, [
    ['ar-tree', 'ar-select', 'a'],
    ['ar-tree', 'ar-activate', 'a'],
    ['ar-tree', 'ar-toggle', 'a'],
    ['ar-tree', 'ar-select', 'b'],
    ['ar-tree', 'ar-activate', 'b'],
    ['ar-tree', 'ar-select', 'c'],
  ]);
  assert.equal(await item(/#2/).getAttribute('aria-level'), '2');
  assert.equal(await page.locator('ar-tree [tabindex="0"]').count(), 1);
});

for (const theme of themes)
  test(`no serious finding of axe in any element: ${theme}`, limits, async () => {
    await using panel = await gallery({ theme });
    assert.deepEqual(await seriousFindings(panel.page), []);
    assert.deepEqual(panel.errors, []);
  });
