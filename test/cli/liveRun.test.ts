/**
 * A run as a person has it, all of it real but the model's brain: the command, the Gemini SDK against a local server,
 * workers, sandboxes; steered from other processes while it goes.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execa } from 'execa';
import type { RunView } from '../../protocol/projection.ts';
import { forms } from '../../server/cli/output.ts';
import { listRunIds, readRun } from '../../server/store/runStore.ts';
import { answer, held, type Reply } from '../models/geminiReplies.ts';
import { GeminiServer, type RecordedRequest } from '../models/geminiServer.ts';
import { until } from '../support/agentServer.ts';
import { Brake } from '../support/brake.ts';
import { aira2, type CommandResult } from '../support/command.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, writeProgram } from '../support/scriptedModel.ts';

const apiKey = 'AIza-sentinel-0123456789-must-stay-home';
let toy: LinearTask;
let gemini: GeminiServer;
let brake: Brake | null = null;

before(async () => {
  toy = await linearTask();
  gemini = await GeminiServer.start({
    apiKey,
    respond: (request) => held(respond(request), async () => brake?.pass()),
  });
});
after(async () => {
  await gemini.close();
  await toy[Symbol.asyncDispose]();
});

/** Writes a program in its first turn, submits it in its second, and passes the connection test. */
function respond({ body }: RecordedRequest): Reply {
  const tools = body.tools?.flatMap((tool) => tool.functionDeclarations.map((one) => one.name)) ?? [];
  if (tools.includes('confirm')) return call('confirm', { word: 'ready' });
  const turn = body.contents.filter((content) => content.role === 'model').length;
  if (turn > 0) return call('submit', { summary: `a line, turn ${turn}` });
  return call('bash', { command: `sleep 0.3; env | sort; ${writeProgram(linearProgram(2.5))}` });
}

const call = (name: string, args: Record<string, unknown>) =>
  answer({ chunks: [[{ text: 'As planned.' }], [{ functionCall: { name, args } }]] });

const environment = () => ({ GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: gemini.url, AIRA2_VENV: venv });
const command = (...args: string[]) => aira2(args, { home: toy.home, environment: environment(), timeoutMs: 120_000 });

function startRun(...more: string[]): Promise<CommandResult> {
  return command(
    'run',
    toy.source,
    '--model',
    'gemini:gemini-3-pro-test',
    '--workers',
    '2',
    '--drafts',
    '2',
    '--json',
    ...more,
  );
}

/** Those that the first requests name. */
const hasFirstTwo = ({ candidates }: RunView) => [1, 2].every((id) => candidates.get(id)?.state === 'scored');

/** The newest run, once it is live and has scored its first two candidates. */
async function liveRun(before: string[]): Promise<string> {
  let id = '';
  await until('a live run with two scored candidates', async () => {
    id = (await listRunIds(toy.home)).find((one) => !before.includes(one)) ?? '';
    if (id === '') return false;
    const { view, live } = await readRun(toy.home, id);
    return live && hasFirstTwo(view);
  });
  return id;
}

describe('a live run', { timeout: 240_000 }, () => {
  it('is forked, crossed, added to and paused from other terminals, and no key is left anywhere', async () => {
    const known = await listRunIds(toy.home);
    brake = new Brake(toy.home, known, hasFirstTwo);
    const running = startRun('--candidates', '9');
    const run = await liveRun(known);

    const paused = await command('runs', 'pause', run, '--json');
    brake.release();
    assert.equal(forms['runs steer'].parse(JSON.parse(paused.stdout)).done, 'paused', paused.stderr);
    const mine = join(toy.home, 'mine');
    await mkdir(mine);
    await writeFile(join(mine, 'solution.py'), linearProgram(3));
    for (const args of [
      ['fork', run, '1', '--guidance', 'try the slope 3'],
      ['fork', run, '1', '--with', '2'],
      ['submit', run, mine, '--parent', '1', '--summary', 'mine'],
    ]) {
      const { stdout, stderr } = await command(...args, '--json');
      assert.equal(forms.request.parse(JSON.parse(stdout)).live, true, stderr);
    }
    const refused = await command('fork', run, '77');
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /no candidate #77/);
    const resumed = await command('runs', 'resume', run, '--json');
    assert.equal(forms['runs steer'].parse(JSON.parse(resumed.stdout)).done, 'unpaused', resumed.stderr);

    const end = await running;
    assert.equal(end.exitCode, 0, end.stderr);
    const { run: summary, selected } = forms.run.parse(JSON.parse(end.stdout));
    // What a person asks for is made also when all nine have been begun by then.
    const { scored } = summary.counts;
    assert.ok(scored >= 9 && scored <= 12, `${scored} scored`);
    assert.equal(summary.counts.created, scored);
    const { view } = await readRun(toy.home, run);
    const asked = [...view.candidates.values()].filter((candidate) => candidate.origin === 'person');
    assert.deepEqual(
      asked.map(({ operator, parents, state }) => ({ operator, parents, state })),
      [
        { operator: 'mutation', parents: [1], state: 'scored' },
        { operator: 'crossover', parents: [1, 2], state: 'scored' },
        { operator: 'human', parents: [1], state: 'scored' },
      ],
    );
    assert.equal(selected?.operator, 'human', 'the best program is the one that was handed in');
    const prompts = gemini.requests.map((request) => JSON.stringify(request.body.contents));
    assert.ok(
      prompts.some((prompt) => prompt.includes('try the slope 3')),
      'the agent was given the guidance',
    );
    await assertNowhere(apiKey, toy.home);
  });

  it('is stopped with a word, and selects from what there is', async () => {
    const known = await listRunIds(toy.home);
    const running = startRun('--hours', '1');
    const run = await liveRun(known);
    const { stdout, stderr } = await command('runs', 'stop', run, '--json');
    assert.equal(forms['runs steer'].parse(JSON.parse(stdout)).done, 'stopping', stderr);
    const end = await running;
    assert.equal(end.exitCode, 0, end.stderr);
    const { run: summary, selected } = forms.run.parse(JSON.parse(end.stdout));
    assert.equal(summary.endReason, 'a person stopped it');
    assert.equal(summary.counts.failed, 0);
    assert.ok(selected !== null);
  });

  it('is exported as a folder that runs by itself and writes what was scored', async () => {
    const to = join(toy.home, 'exported');
    const { stdout, stderr, exitCode } = await command('runs', 'export', 'last', '--to', to, '--json');
    assert.equal(exitCode, 0, stderr);
    const { files } = forms['runs export'].parse(JSON.parse(stdout));
    for (const file of ['program/solution.py', 'run.sh', 'requirements.txt', 'predictions.csv', 'README.md'])
      assert.ok(files.includes(file), file);
    await execa(join(to, 'run.sh'), { env: { PYTHON: join(venv, 'bin', 'python') }, timeout: 60_000 });
    assert.equal(
      await readFile(join(to, 'out', 'predictions.csv'), 'utf8'),
      await readFile(join(to, 'predictions.csv'), 'utf8'),
    );
    const again = await command('runs', 'export', 'last', '--to', to);
    assert.equal(again.exitCode, 2);
    assert.match(again.stderr, /not empty/);
  });

  it('cannot be added to once its hidden scores are open', async () => {
    const { exitCode, stderr } = await command('fork', 'last', '1');
    assert.equal(exitCode, 2);
    assert.match(stderr, /has ended.*start a new run/is);
  });
});

async function assertNowhere(secret: string, folder: string): Promise<void> {
  const needles = [secret, Buffer.from(secret).toString('base64').slice(0, 24)];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    for (const needle of needles) assert.ok(!content.includes(needle), `${path} holds the key`);
  }
}
