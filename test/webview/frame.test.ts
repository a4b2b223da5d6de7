import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { began, itemsOf } from '../../webview/trajectory/sampleEvents.ts';
import { closeBrowser, type OpenPanel, openPanel, until } from './panelPage.ts';
import { sampleCandidate, sampleRun } from './sampleRun.ts';

const limits = { timeout: 120_000 };

after(closeBrowser);

const items = itemsOf([{ type: 'notice', at: began, step: 0, kind: 'news', text: 'Something happened.' }]);
const reset = () => ({ type: 'reset', run: sampleRun(), title: 'T', candidate: sampleCandidate(), items, total: 1 });

async function openFilled(): Promise<OpenPanel> {
  const panel = await openPanel('trajectory');
  await panel.send(reset());
  await panel.page.getByText('Something happened.').waitFor();
  return panel;
}

test('a link that is lost is said with its machine, and is quiet again when it is back', limits, async () => {
  await using panel = await openFilled();
  const { page } = panel;
  await page.getByText('gpu-box').waitFor();
  await panel.send({ type: 'link', state: 'reconnecting', host: 'gpu-box' });
  await page.getByText('Reconnecting to gpu-box').waitFor();
  await panel.send({ type: 'link', state: 'stopped', host: 'gpu-box' });
  await page.getByRole('button', { name: 'Connect' }).click();
  assert.deepEqual(await panel.says('command'), { type: 'command', command: 'connect', candidates: [] });
  await panel.send({ type: 'link', state: 'connected', host: 'gpu-box' });
  await page.getByText('is not running').waitFor({ state: 'detached' });
  await page.getByText('Something happened.').waitFor();
});

test('a view that breaks says so and can be made again from nothing', limits, async () => {
  await using panel = await openFilled();
  const { page } = panel;
  await panel.send({ ...reset(), candidate: { id: 'nonsense' } });
  await page.getByText('This view met an error').waitFor();
  await panel.said();
  await page.getByRole('button', { name: 'Reload View' }).click();
  await panel.says('ready');
  await panel.send(reset());
  await page.getByText('Something happened.').waitFor();
  await page.getByText('This view met an error').waitFor({ state: 'detached' });
  assert.equal(await page.locator('ar-trajectory-panel').count(), 1);
});

test('what comes from another origin, or has another form, is dropped', limits, async () => {
  await using panel = await openFilled();
  const { page } = panel;
  const forged = { ...reset(), title: 'Forged' };
  await page.evaluate((message) => {
    window.dispatchEvent(new MessageEvent('message', { data: message, origin: 'https://evil.test' }));
  }, forged);
  await panel.send({ type: 'reset', title: 'Forged' }, { type: 'unheard of' });
  await page.waitForTimeout(200);
  assert.equal(await page.getByText('Forged').count(), 0);
  assert.deepEqual(panel.errors, []);
});

test('a host that never answers is told of, and its answer is taken when it comes after all', limits, async () => {
  await using panel = await openPanel('trajectory');
  const { page } = panel;
  await page.getByText('The extension has not answered yet').waitFor({ timeout: 60_000 });
  await panel.send(reset());
  await page.getByText('Something happened.').waitFor();
  await page.getByText('The extension has not answered yet').waitFor({ state: 'detached' });
});

test('words come in the person’s language', limits, async () => {
  await using panel = await openPanel('trajectory', {
    language: { 'Candidate #{0}': 'Kandidat {0}', 'Open Program': 'Programm öffnen' },
  });
  await panel.send(reset());
  await panel.page.getByRole('heading', { name: 'Kandidat 7' }).waitFor();
  await panel.page.getByRole('button', { name: 'Programm öffnen' }).waitFor();
});

test('a change of theme reaches what is drawn on a canvas', limits, async () => {
  await using panel = await openPanel('trajectory');
  const { page } = panel;
  const candidate = sampleCandidate({ submittedAt: began + 1000, endedAt: began + 60_000 });
  await panel.send({ ...reset(), candidate });
  const drawn = () =>
    page.locator('ar-trajectory-strip canvas').evaluate((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement)) return '';
      return [
        ...(canvas.getContext('2d')?.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data ?? []),
      ].join();
    });
  const before = await until(drawn, (pixel) => pixel !== '' && pixel !== '0,0,0,0', 'the evaluation is drawn');
  await page.evaluate(() => {
    document.documentElement.style.setProperty('--vscode-charts-green', '#ff00ff');
    document.body.className = 'vscode-light';
  });
  await until(
    drawn,
    (pixel) => pixel !== before && pixel.startsWith('2'),
    'it is drawn in the colour of the new theme',
  );
});

test('less motion is respected', limits, async () => {
  await using panel = await openPanel('trajectory', { reducedMotion: true });
  await panel.send({ type: 'link', state: 'reconnecting', host: 'gpu-box' });
  const { page } = panel;
  await page.getByText('Reconnecting to gpu-box').waitFor();
  assert.equal(await page.locator('ar-frame tk-progress-ring').isVisible(), false);
});
