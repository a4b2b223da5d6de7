/** kill -9 of `aira2 run`, then `aira2 runs resume`: both the command itself, with a Gemini server that answers here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { RunEvent } from '../../protocol/run.ts';
import { forms } from '../../server/cli/output.ts';
import { JsonlLog } from '../../server/store/jsonlLog.ts';
import { listRunIds, readRun } from '../../server/store/runStore.ts';
import { answer, held, type Reply } from '../models/geminiReplies.ts';
import { GeminiServer, type RecordedRequest } from '../models/geminiServer.ts';
import { Brake } from '../support/brake.ts';
import { aira2 } from '../support/command.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, writeProgram } from '../support/scriptedModel.ts';

const program = fileURLToPath(new URL('../../bin/aira2.js', import.meta.url));
const apiKey = 'AIza-resume-0123456789';
const candidates = 6;
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
  return call('bash', { command: `sleep 0.3; ${writeProgram(linearProgram(2.5))}` });
}

const call = (name: string, args: Record<string, unknown>) =>
  answer({ chunks: [[{ text: 'As planned.' }], [{ functionCall: { name, args } }]] });

const environment = () => ({
  AIRA2_HOME: toy.home,
  AIRA2_VENV: venv,
  GEMINI_API_KEY: apiKey,
  GOOGLE_GEMINI_BASE_URL: gemini.url,
});

async function scoredRun(count: number): Promise<string> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(30)) {
    const id = (await listRunIds(toy.home)).at(-1);
    if (id !== undefined && (await readRun(toy.home, id)).view.summary.counts.scored >= count) return id;
  }
  throw new Error(`waited 90 s for ${count} scored candidates`);
}

describe('aira2 runs resume', { timeout: 240_000 }, () => {
  it('takes up a run whose command was killed, and ends it whole with nothing announced lost', async () => {
    brake = new Brake(toy.home, [], ({ summary }) => summary.counts.scored >= 2);
    const args = ['run', toy.source, '--model', 'gemini:gemini-3-pro-test', '--workers', '2', '--drafts', '2'];
    const running = execa(process.execPath, [program, ...args, '--candidates', String(candidates)], {
      reject: false,
      stdin: 'ignore',
      timeout: 120_000,
      env: environment(),
    });
    const run = await scoredRun(2);
    running.kill('SIGKILL');
    await running;
    brake.release();
    const events = join(toy.home, 'runs', run, 'events.jsonl');
    const announced = await JsonlLog.read(events, RunEvent);
    assert.equal((await readRun(toy.home, run)).view.summary.state, 'interrupted');

    const { stdout, stderr, exitCode } = await aira2(['runs', 'resume', 'last', '--json'], {
      home: toy.home,
      environment: environment(),
      timeoutMs: 120_000,
    });
    assert.equal(exitCode, 0, stderr);
    const { run: summary, selected } = forms.run.parse(JSON.parse(stdout));
    assert.equal(summary.id, run);
    assert.deepEqual(
      { state: summary.state, scored: summary.counts.scored, failed: summary.counts.failed },
      { state: 'finished', scored: candidates, failed: 0 },
    );
    assert.ok(selected !== null);
    const after = await JsonlLog.read(events, RunEvent);
    assert.deepEqual(after.slice(0, announced.length), announced);
    assert.equal(after.filter(({ body }) => body.type === 'run_resumed').length, 1);

    const again = await aira2(['runs', 'resume', run], { home: toy.home, environment: environment() });
    assert.equal(again.exitCode, 2);
    assert.match(again.stderr, /has ended .*nothing to resume/);
  });
});
