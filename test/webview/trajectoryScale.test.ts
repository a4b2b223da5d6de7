import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hostOf, longTrajectory } from './longTrajectory.ts';
import { closeBrowser, frameCosts, until } from './panelPage.ts';
import { feedState, openTrajectory } from './trajectoryPage.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

test('a search goes through pages that are not loaded, and leads to what it finds', limits, async () => {
  const items = longTrajectory(1500, { step: 1234, text: 'needle (here)' });
  await using panel = await openTrajectory(items, { first: 200, host: hostOf(items) });
  const { page } = panel;
  await page.keyboard.press('Tab');
  await page.locator('article').first().focus();
  await page.keyboard.press('/');
  await page.keyboard.type('NEEDLE (');
  await page.getByText(/^once/).waitFor();
  await page.keyboard.press('Enter');
  const row = page.getByRole('article', { name: /^Step 1234:/ });
  await row.waitFor();
  assert.equal(await row.getAttribute('class'), 'current');
  const marked = () =>
    page.evaluate(() => {
      const [range] = CSS.highlights.get('ar-found-current') ?? [];
      return range instanceof Range ? { words: String(range), top: range.getBoundingClientRect().top } : null;
    });
  const inView = (mark: Awaited<ReturnType<typeof marked>>) =>
    mark !== null && mark.words === 'needle (' && mark.top > 150 && mark.top < 740;
  await until(marked, inView, 'the words are in view');
});

test('all steps fold to a line each and unfold again, around the one that has the keyboard', limits, async () => {
  await using panel = await openTrajectory(longTrajectory(300));
  const { page } = panel;
  await page.locator('article').first().focus();
  await page.keyboard.press('e');
  const row = page.getByRole('article', { name: /^Step 50:/ });
  await row.waitFor();
  const height = (folded: boolean) =>
    until(
      async () => (await feedState(panel)).top,
      (top) => (folded ? top > 1000 && top < 3000 : top > 10_000),
      `the feed is ${folded ? 'low' : 'high'}`,
    );
  await height(false);
  await page.getByRole('button', { name: 'Fold all steps' }).click();
  await height(true);
  assert.ok(await row.isVisible());
  assert.ok((await feedState(panel)).articles > 10);
  await page.getByRole('button', { name: 'Unfold all steps' }).click();
  await height(false);
  await row.waitFor();
});

test('5,000 steps: scrolling stays smooth, and the document bounded', { timeout: 400_000 }, async (context) => {
  const items = longTrajectory(5000);
  await using panel = await openTrajectory(items, { first: 200, host: hostOf(items) });
  const { page } = panel;
  await page.waitForFunction(
    () => {
      const feed = document.querySelector('ar-trajectory-panel')?.shadowRoot?.querySelector('ar-trajectory-feed');
      return feed?.shadowRoot?.querySelector('[role="feed"]')?.getAttribute('aria-busy') === 'false';
    },
    undefined,
    { timeout: 240_000 },
  );
  const { cpu, median, p95 } = await frameCosts(page, () =>
    page.locator('ar-trajectory-feed .scroller').evaluate(async (scroller) => {
      const times: number[] = [];
      let before = performance.now();
      for (let frame = 0; frame < 150; frame++) {
        scroller.scrollTop += 900;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        times.push(now - before);
        before = now;
      }
      return times;
    }),
  );
  const { articles, nodes } = await feedState(panel);
  const [figure, wait, slow] = [cpu, median, p95].map((ms) => ms.toFixed(1));
  context.diagnostic(
    `scrolling 900 px a frame: ${figure} ms of CPU; median ${wait} ms, p95 ${slow} ms; ${articles} rows, ${nodes} elements`,
  );
  assert.ok(articles < 40, `${articles} rows in the document`);
  assert.ok(nodes < 4000, `${nodes} elements in the document`);
  assert.ok(cpu < 33, `${figure} ms of CPU for each frame: less than 30 frames a second`);
  await page
    .locator('ar-trajectory-feed .scroller')
    .evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
  await page.getByRole('article', { name: /^Submitted/ }).waitFor();
  assert.deepEqual(panel.errors, []);
});
