import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FromStartPanel } from '../../protocol/panels.ts';
import {
  closeBrowser,
  type OpenPanel,
  openPanel,
  type PanelOptions,
  seriousFindings,
  themes,
  until,
} from './panelPage.ts';
import { planningHost, samplePlan, sampleStart } from './sampleStart.ts';

const limits = { timeout: 180_000 };

after(closeBrowser);

async function openStart(
  changes: Parameters<typeof sampleStart>[0] = {},
  options: PanelOptions = { host: planningHost },
): Promise<OpenPanel> {
  const panel = await openPanel('start', options);
  await panel.send(sampleStart(changes));
  await panel.page.getByRole('heading', { name: 'Start a run' }).waitFor();
  return panel;
}

const field = (panel: OpenPanel, name: string) => panel.page.getByRole('textbox', { name, exact: true });

/** The last message of a type, once there is one that fits. */
async function saysThat(
  panel: OpenPanel,
  type: string,
  fits: (message: FromStartPanel) => boolean,
): Promise<FromStartPanel> {
  const heard: FromStartPanel[] = [];
  const listen = async () => {
    // What comes out of a panel has to pass the host's own check.
    heard.push(...(await panel.said()).map((message) => FromStartPanel.parse(message)));
    return heard.findLast((message) => message.type === type && fits(message));
  };
  const found = await until(listen, (message) => message !== undefined, `the panel says ${type}`);
  assert.ok(found);
  return found;
}

test('the form shows what it was given, and what a run of it would be', limits, async () => {
  await using panel = await openStart();
  const { page } = panel;
  await page.getByText('about $4.92').waitFor();
  await page.getByText('12 candidates, $5.00, whichever comes first').waitFor();
  assert.equal(await field(panel, 'Candidates').inputValue(), '12');
  assert.equal(await field(panel, 'Workers').getAttribute('placeholder'), '2');
  await page.getByText('32 CPUs, 2 × NVIDIA H100 80GB HBM3').waitFor();
  await page.getByText('5,950 rows to train on, 4,050 hidden').waitFor();
  assert.deepEqual(await page.evaluate(() => window.kept), { kind: 'start', task: 'birdstrikes@1' });
  assert.deepEqual(panel.errors, []);
});

test('the plan follows the form, and an answer to an older question is ignored', limits, async () => {
  await using panel = await openStart({}, {});
  const { page } = panel;
  const first = await saysThat(panel, 'plan', () => true);
  await field(panel, 'Candidates').fill('100');
  const second = await saysThat(
    panel,
    'plan',
    (message) => message.type === 'plan' && message.settings.candidates === 100,
  );
  assert.ok(first.type === 'plan' && second.type === 'plan');
  await panel.send({ type: 'plan', number: second.number, plan: samplePlan(second.settings) });
  await page.getByText('about $41.00').waitFor();
  await panel.send({ type: 'plan', number: first.number, plan: samplePlan(first.settings) });
  await panel.send({ type: 'problem', number: first.number, message: 'an old problem' });
  await page.waitForTimeout(200);
  assert.equal(await page.getByText('about $41.00').count(), 1);
  assert.equal(await page.getByText('an old problem').count(), 0);
});

test('where nothing bounds the run the form says how many candidates are made all the same', limits, async () => {
  await using panel = await openStart();
  const { page } = panel;
  const told = page.getByText('so it ends after 24 candidates');
  await field(panel, 'Candidates').fill('');
  await page.getByText('$5.00', { exact: true }).waitFor();
  assert.equal(await told.count(), 0, 'its cost bounds it');
  await field(panel, 'Cost ($)').fill('');
  await told.waitFor();
  await field(panel, 'Candidates').fill('3');
  await told.waitFor({ state: 'detached' });
  await field(panel, 'Candidates').fill('');
  await told.waitFor();
  await field(panel, 'Time (h)').fill('1');
  await told.waitFor({ state: 'detached' });
});

test(
  'what is wrong is told at its field, nothing is planned or started with it, and the start leads there',
  limits,
  async () => {
    await using panel = await openStart({ task: null });
    const { page } = panel;
    await field(panel, 'Candidates').fill('1.5');
    await page.getByText('Write a whole number.').waitFor();
    await page.getByRole('button', { name: 'Advanced' }).click();
    await field(panel, 'Crossover').fill('2');
    await page.getByText('Write a number from 0 to 1.').waitFor();
    await page.getByRole('button', { name: 'Start Run' }).click();
    await page.getByText('Choose a task.').waitFor();
    const focused = () =>
      page.evaluate(() => document.querySelector('ar-start-panel')?.shadowRoot?.activeElement?.getAttribute('label'));
    await until(focused, (label) => label === 'Task', 'the first field that is wrong has the keyboard');
    assert.deepEqual(
      (await panel.said()).filter(({ type }) => type !== 'ready'),
      [],
    );
  },
);

test('a run is started with all that was chosen, once, and a failure is told', limits, async () => {
  await using panel = await openStart();
  const { page } = panel;
  await field(panel, 'Time (h)').fill('1.5');
  await field(panel, 'Tokens').fill('2 M');
  await page.getByRole('button', { name: 'Advanced' }).click();
  await field(panel, 'Seed').fill('7');
  await page.getByRole('combobox', { name: 'Search' }).click();
  await page.getByRole('option', { name: 'Best of K' }).click();
  const start = page.getByRole('button', { name: 'Start Run' });
  await start.click();
  const message = await saysThat(panel, 'start', () => true);
  assert.deepEqual(message, {
    type: 'start',
    task: 'birdstrikes@1',
    settings: {
      model: 'gemini:gemini-3.1-pro-preview',
      candidates: 12,
      hours: 1.5,
      seed: 7,
      search: 'best-of-k',
      budget: { costUsd: 5, tokens: 2_000_000 },
    },
  });
  await panel.send({ type: 'starting', message: 'birdstrikes@1: fetching its data' });
  await page.getByText('birdstrikes@1: fetching its data').waitFor();
  await page.getByRole('button', { name: 'Start Run', disabled: true }).waitFor();
  await panel.send({ type: 'failed', message: 'The key was refused.' });
  await page.getByText('The key was refused.').waitFor();
  await until(
    () => start.isDisabled(),
    (disabled) => !disabled,
    'it can be started again',
  );
});

test('providers bring their own fields; a key can be set and the connection tested', limits, async () => {
  await using panel = await openStart({ keys: [] });
  const { page } = panel;
  await page.getByText('A key is needed').waitFor();
  await page.getByRole('button', { name: 'Set Key…' }).click();
  assert.deepEqual(await saysThat(panel, 'setKey', () => true), { type: 'setKey', provider: 'gemini' });
  await panel.send({ type: 'keys', keys: ['gemini'] });
  await page.getByText('A key is known').waitFor();
  await page.getByRole('radio', { name: 'OpenAI or a server like it' }).click();
  await field(panel, 'Model').fill('qwen3');
  await field(panel, 'Address of the server').fill('localhost');
  await page.getByText('Write the address of the server').waitFor();
  await page.getByRole('button', { name: 'Test Connection', disabled: true }).waitFor();
  await field(panel, 'Address of the server').fill('http://localhost:8000/v1');
  await page.getByText('Its price is not known.').waitFor();
  await page.getByRole('button', { name: 'Test Connection' }).click();
  assert.deepEqual(await saysThat(panel, 'test', () => true), {
    type: 'test',
    model: 'openai:qwen3@http://localhost:8000/v1',
  });
  await panel.send({
    type: 'tested',
    report: { ok: true, model: 'qwen3', detail: 'it called the tool', durationMs: 820 },
  });
  await page.getByText('It answers: it called the tool (820 ms)').waitFor();
  await panel.send({ type: 'tested', report: { ok: false, kind: 'auth', message: '<b>401</b> Unauthorized' } });
  await page.getByText('<b>401</b> Unauthorized').waitFor();
  await page.getByRole('radio', { name: 'Built-in researcher' }).click();
  await page.getByText('none: no language model is called').waitFor();
  assert.equal(await page.getByText('401').count(), 0);
});

test('without a sandbox nothing starts before it was accepted in so many words', limits, async () => {
  await using panel = await openStart();
  const { page } = panel;
  await page.getByRole('combobox', { name: 'Sandbox' }).click();
  await page.getByRole('option', { name: 'None: unsafe' }).click();
  await panel.said();
  await page.getByRole('button', { name: 'Start Run' }).click();
  await page.getByText('Say that you accept this').waitFor();
  assert.equal(
    (await panel.said()).some(({ type }) => type === 'start'),
    false,
  );
  await page.getByRole('checkbox', { name: /Programs that a model writes/ }).click();
  await page.getByRole('button', { name: 'Start Run' }).click();
  const message = await saysThat(panel, 'start', () => true);
  assert.ok(message.type === 'start' && message.settings.sandbox === 'none');
});

test('missing Python can be set up from here, and nothing starts while the link is down', limits, async () => {
  const machine = {
    ...sampleStart().machine,
    pythonProblem: 'The environment of scorer and sandboxes is not there yet.',
  };
  await using panel = await openStart({ machine });
  const { page } = panel;
  await page.getByRole('button', { name: 'Set Up Python' }).click();
  const message = await saysThat(panel, 'command', () => true);
  assert.ok(message.type === 'command' && message.command === 'setUpEnvironment');
  await panel.send({ type: 'link', state: 'reconnecting', host: 'gpu-box' });
  await page.getByText('Reconnecting to gpu-box').waitFor();
  await page.getByRole('button', { name: 'Start Run', disabled: true }).waitFor();
});

for (const theme of themes)
  test(`no serious finding of axe in the form: ${theme}`, limits, async () => {
    await using panel = await openStart({ keys: [], task: null }, { host: planningHost, theme, height: 1600 });
    const { page } = panel;
    await field(panel, 'Candidates').fill('1.5');
    await page.getByRole('button', { name: 'Advanced' }).click();
    await page.getByRole('button', { name: 'Start Run' }).click();
    await page.getByText('Choose a task.').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
  });
