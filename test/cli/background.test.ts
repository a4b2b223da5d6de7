/** Runs of the command line that live in the agent server: left with Ctrl-C, followed again, taken up there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { forms } from '../../server/cli/output.ts';
import { readRun } from '../../server/store/runStore.ts';
import { GeminiServer } from '../models/geminiServer.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { aira2 } from '../support/command.ts';
import { geminiResearcher } from '../support/geminiResearcher.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';

const program = fileURLToPath(new URL('../../bin/aira2.js', import.meta.url));
const apiKey = 'AIza-background-0123456789';
let gemini: GeminiServer;
let server: TestServer;
let toy: LinearTask;

before(async () => {
  gemini = await GeminiServer.start({ apiKey, respond: geminiResearcher(() => 'sleep 1; echo looked') });
  server = await TestServer.inNewHome({ environment: { GOOGLE_GEMINI_BASE_URL: gemini.url } });
  toy = await linearTask({ home: server.home });
  // Started without a key: the terminal's own has to reach it.
  await server.start();
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await gemini?.close();
});

const environment = () => ({ GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: gemini.url, AIRA2_VENV: venv });
const settings = () => ['run', toy.source, '--model', 'gemini:gemini-3-pro-test', '--workers', '2', '--drafts', '2'];
const command = (...args: string[]) =>
  aira2(args, { home: server.home, environment: environment(), timeoutMs: 400_000 });

describe('aira2 run in the agent server', { timeout: 1_800_000 }, () => {
  it('returns at once with --detach, and is followed to its end by another command', async () => {
    const started = await command(...settings(), '--candidates', '3', '--detach', '--json');
    assert.equal(started.exitCode, 0, started.stderr);
    const { run, done } = forms['runs steer'].parse(JSON.parse(started.stdout));
    assert.equal(done, 'started');
    const followed = await command('runs', 'follow', run, '--json');
    assert.equal(followed.exitCode, 0, followed.stderr);
    const result = forms.run.parse(JSON.parse(followed.stdout));
    assert.equal(result.run.counts.scored, 3);
    assert.ok(result.selected !== null);
    assert.match(followed.stderr, /in the agent server. Ctrl-C leaves it running/);
  });

  it('goes on when its terminal is left with Ctrl-C, and is stopped from another', async () => {
    const child = execa(process.execPath, [program, ...settings(), '--candidates', '50', '--background'], {
      reject: false,
      stdin: 'ignore',
      extendEnv: false,
      env: { PATH: process.env.PATH ?? '', HOME: server.home, AIRA2_HOME: server.home, ...environment() },
      timeout: 400_000,
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    await until('a score to be shown', () => /#\d+ draft: /.test(said), 240_000);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    assert.equal(exitCode, 130, stderr);
    const run = /Detached: run (\S+) goes on in the agent server/.exec(stderr)?.[1];
    assert.ok(run !== undefined, stderr);
    assert.equal((await readRun(server.home, run)).live, true);
    const again = await command('runs', 'resume', run, '--detach');
    assert.deepEqual([again.exitCode, again.stdout.trim()], [0, `Run ${run} goes on already.`], again.stderr);
    const stopped = await command('runs', 'stop', run, '--now', '--json');
    assert.equal(stopped.exitCode, 0, stopped.stderr);
    await until('the run to end', async () => (await readRun(server.home, run)).view.summary.state === 'finished');
  });

  it('refuses in words, with the exit code that is documented', async () => {
    const nothing = await command('run', 'dimonds', '--background');
    assert.equal(nothing.exitCode, 3, nothing.stderr);
    assert.match(nothing.stderr, /dimonds.*diamonds/s);
    const both = await command(...settings(), '--detach', '--foreground');
    assert.equal(both.exitCode, 2);
    const status = await command('serve', '--status', '--json');
    assert.deepEqual(forms.serve.parse(JSON.parse(status.stdout)).server?.liveRuns, []);
    const end = await command('serve', '--stop');
    assert.equal(end.exitCode, 0, end.stderr);
    const gone = await command('serve', '--stop');
    assert.equal(gone.exitCode, 2);
    assert.match(gone.stderr, /No agent server runs/);
  });
});
