/** Every bad input is one clear message with the fix, the documented exit code, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unixUrl } from '../../protocol/dial.ts';
import { forms } from '../../server/cli/output.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { candidate, runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';
import { venv } from '../support/linearTask.ts';

const run = '20260103-000000-linear-c001';
const deaf = '20260102-000000-linear-dead';
let home: string;
let unreachable: RunStore;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-cli-'));
  const store = await RunStore.create(home, run, runStarted());
  await store.append({ type: 'candidate_started', candidate: candidate(1), request: null, generator: [1, 2, 3, 4] });
  await store.append({ type: 'candidate_abandoned', id: 1, reason: 'the run was out of time' });
  await store.close();
  // As a server leaves it that is ending: its lock is held, nobody listens any more.
  unreachable = await RunStore.create(home, deaf, runStarted());
  const nobody = unixUrl(join(home, 'nobody.sock'), '/client');
  const discovery = { protocol: 1, pid: process.pid, url: nobody, token: 'x' };
  await writeFile(unreachable.paths.discovery, JSON.stringify(discovery), { mode: 0o600 });
  await writeFile(join(home, 'file'), '');
  await mkdir(join(home, 'no-entry'));
  await writeFile(join(home, 'no-entry', 'main.py'), '');
  await mkdir(join(home, 'bad-task'));
  await writeFile(join(home, 'bad-task', 'task.yaml'), 'schema: aira.task/1\nid: Bad Id\ntitel: typo\nversion: one\n');
  await mkdir(join(home, 'empty'));
});
after(async () => {
  await unreachable.close();
  await rm(home, { recursive: true, force: true });
});

interface Case {
  what: string;
  args: string[];
  exitCode: number;
  says: RegExp;
  environment?: Record<string, string>;
}

const cases: Case[] = [
  { what: 'an unknown command', args: ['rnu'], exitCode: 2, says: /unknown command 'rnu'.*did you mean.*run/is },
  {
    what: 'an unknown option',
    args: ['run', 'diamonds', '--worker', '2'],
    exitCode: 2,
    says: /unknown option '--worker'.*--workers/is,
  },
  {
    what: 'a number out of range',
    args: ['run', 'diamonds', '--workers', '0'],
    exitCode: 2,
    says: /--workers.*whole number from 1 to 256/is,
  },
  {
    what: 'a probability above one',
    args: ['run', 'diamonds', '--crossover', '2'],
    exitCode: 2,
    says: /--crossover.*from 0 to 1/is,
  },
  {
    what: 'a bound in money on a model whose price is not known',
    args: ['run', 'diamonds', '--model', 'openai:m@http://127.0.0.1:9/v1', '--cost', '5'],
    exitCode: 2,
    says: /no known price.*prices\.json.*"openai:m@http:\/\/127\.0\.0\.1:9\/v1".*--tokens/s,
  },
  {
    what: 'a key in the URL of a model server',
    args: ['run', 'diamonds', '--model', 'openai:m@http://me:secret@127.0.0.1:9/v1'],
    exitCode: 2,
    says: /no user, password, query.*OPENAI_API_KEY/s,
  },
  {
    what: 'a model server without its scheme',
    args: ['run', 'diamonds', '--model', 'openai:some/name@localhost:8000/v1'],
    exitCode: 2,
    says: /--model openai:some\/name@http:\/\/localhost:8000\/v1/,
  },
  {
    what: 'a bound that the run does not have',
    args: ['runs', 'extend', run, '--cost', '5'],
    exitCode: 2,
    says: /no bound of US dollars/,
  },
  { what: 'an unknown command', args: ['frk'], exitCode: 2, says: /unknown command 'frk'.*\(aira2 --help shows/s },
  {
    what: 'an unknown option',
    args: ['runs', 'show', '--bogus'],
    exitCode: 2,
    says: /--bogus.*\(aira2 runs show --help/s,
  },
  {
    what: 'no money at all',
    args: ['run', 'diamonds', '--cost', '0'],
    exitCode: 2,
    says: /--cost.*above 0/is,
  },
  {
    what: 'single-turn operators without a language model',
    args: ['run', 'diamonds', '--operators', 'single-turn'],
    exitCode: 2,
    says: /--operators single-turn needs a language model/,
    environment: { AIRA2_VENV: venv },
  },
  {
    what: 'an unknown way to search',
    args: ['run', 'diamonds', '--search', 'tabu'],
    exitCode: 2,
    says: /--search.*best-of-k/is,
  },
  { what: 'a missing task', args: ['run'], exitCode: 2, says: /missing required argument 'task'/ },
  { what: 'a misspelt task', args: ['run', 'dimonds'], exitCode: 3, says: /dimonds.*diamonds/s },
  {
    what: 'an unknown sandbox',
    args: ['run', 'diamonds', '--sandbox', 'chroot'],
    exitCode: 2,
    says: /--sandbox.*bwrap/is,
  },
  {
    what: 'an unknown model',
    args: ['run', 'diamonds', '--model', 'gpt'],
    exitCode: 2,
    says: /no model "gpt".*heuristic.*gemini:/s,
  },
  {
    what: 'a model without its key',
    args: ['run', 'diamonds', '--model', 'gemini:gemini-x'],
    exitCode: 4,
    says: /GEMINI_API_KEY/,
  },
  { what: 'an unknown run', args: ['runs', 'show', 'nope'], exitCode: 3, says: /no run "nope".*20260103.*runs list/s },
  { what: 'an unknown candidate', args: ['runs', 'trajectory', run, '9'], exitCode: 3, says: /no candidate #9/ },
  { what: 'a candidate that is no number', args: ['runs', 'trajectory', run, 'x'], exitCode: 2, says: /whole number/ },
  {
    what: 'stopping a run that is not live',
    args: ['runs', 'stop', run],
    exitCode: 2,
    says: /not live \(interrupted\).*resume.*runs finish/s,
  },
  {
    what: 'forking a candidate that is not there',
    args: ['fork', run, '7'],
    exitCode: 3,
    says: /no candidate #7/,
  },
  {
    what: 'exporting before anything was selected',
    args: ['runs', 'export', run, '--to', 'x'],
    exitCode: 5,
    says: /has not selected yet.*Name a candidate/,
  },
  {
    what: 'a manifest with several mistakes',
    args: ['task', 'prepare', '<home>/bad-task'],
    exitCode: 2,
    says: /task\.yaml:2.*task\.yaml:3.*title.*task\.yaml:4/s,
  },
  {
    what: 'checking a task that is not prepared',
    args: ['task', 'check', 'digits'],
    exitCode: 3,
    says: /digits.*aira2 task prepare digits/s,
  },
  { what: 'a folder without a task', args: ['task', 'prepare', '<home>/empty'], exitCode: 3, says: /empty/ },
  {
    what: 'a missing virtual environment',
    args: ['run', 'diamonds'],
    exitCode: 4,
    says: /no Python environment.*npm run setup/s,
    environment: { AIRA2_VENV: '/nowhere' },
  },
  {
    what: 'a report on a task that is gone',
    args: ['runs', 'report', run],
    exitCode: 3,
    says: /toy@1.*not prepared.*aira2 task prepare toy/s,
  },
  {
    what: 'guidance that is too long',
    args: ['fork', run, '1', '--guidance', 'x'.repeat(8001)],
    exitCode: 2,
    says: /--guidance.*at most 8000 characters; these are 8001/s,
  },
  {
    what: 'an empty summary',
    args: ['submit', run, '<home>/no-entry', '--summary', ''],
    exitCode: 2,
    says: /--summary.*must not be empty/s,
  },
  {
    what: 'submitting a missing folder',
    args: ['submit', run, '<home>/none'],
    exitCode: 2,
    says: /none is no program.*ENOENT/,
  },
  { what: 'submitting a file', args: ['submit', run, '<home>/file'], exitCode: 2, says: /file is no program.*ENOTDIR/ },
  {
    what: 'exporting a candidate that was given up',
    args: ['runs', 'export', run, '1', '--to', '<home>/exported'],
    exitCode: 2,
    says: /#1 has no program \(abandoned\)/,
  },
  {
    what: 'a home that is a file',
    args: ['runs', 'list', '--home', '<home>/file'],
    exitCode: 2,
    says: /file is no folder.*--home/,
  },
  {
    what: 'a home below a file',
    args: ['task', 'list', '--home', '<home>/file/x'],
    exitCode: 2,
    says: /file is no folder/,
  },
  {
    what: 'an unknown log level',
    args: ['run', 'diamonds'],
    exitCode: 2,
    says: /AIRA2_LOG_LEVEL is "bogus"; it can be .*info/,
    environment: { AIRA2_LOG_LEVEL: 'bogus', AIRA2_VENV: venv },
  },
  { what: 'a server that is gone', args: ['runs', 'pause', deaf], exitCode: 2, says: /does not answer .*runs show/s },
  { what: 'an unknown form', args: ['schema', 'x'], exitCode: 2, says: /no form "x"/ },
];

describe('bad input', { timeout: 240_000 }, () => {
  for (const { what, args, exitCode, says, environment } of cases) {
    it(`${what}: exit code ${exitCode} and a message that helps`, async () => {
      const before = await contents();
      const given = args.map((arg) => arg.replace('<home>', home));
      const options = { home, ...(environment === undefined ? {} : { environment }) };
      const [plain, json] = await Promise.all([aira2(given, options), aira2([...given, '--json'], options)]);
      assert.equal(plain.exitCode, exitCode, plain.stderr);
      assert.match(plain.stderr, says);
      assert.equal(plain.stdout, '');
      assert.doesNotMatch(plain.stderr, /\n {4}at /, 'no stack trace');
      assert.equal(json.exitCode, exitCode);
      const { error } = forms.error.parse(JSON.parse(json.stdout));
      assert.equal(error.exitCode, exitCode);
      assert.match(error.message, says);
      assert.deepEqual(await contents(), before, 'nothing was made');
    });
  }

  it('a group without a command: exit code 2 and its commands', async () => {
    const { exitCode, stdout, stderr } = await aira2(['runs'], { home });
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, /Commands:.*Name a command: those of aira2 runs stand above\./s);
    assert.doesNotMatch(stderr, /outputHelp/);
  });
});

async function contents(): Promise<string[]> {
  return (await readdir(home, { recursive: true })).filter((path) => !path.startsWith('cache')).sort();
}
