/** Every bad input is one clear message with the fix, the documented exit code, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { forms } from '../../server/cli/output.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { candidate, runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';

const run = '20260103-000000-linear-c001';
let home: string;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-cli-'));
  const store = await RunStore.create(home, run, runStarted());
  await store.append({ type: 'candidate_started', candidate: candidate(1), request: null, generator: [1, 2, 3, 4] });
  await store.close();
  await mkdir(join(home, 'bad-task'));
  await writeFile(join(home, 'bad-task', 'task.yaml'), 'schema: aira.task/1\nid: Bad Id\ntitel: typo\nversion: one\n');
  await mkdir(join(home, 'empty'));
});
after(() => rm(home, { recursive: true, force: true }));

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
    what: 'no money at all',
    args: ['run', 'diamonds', '--cost', '0'],
    exitCode: 2,
    says: /--cost.*above 0/is,
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
    says: /not live \(interrupted\).*resume/s,
  },
  {
    what: 'forking a candidate that is not there',
    args: ['fork', run, '7'],
    exitCode: 2,
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
});

async function contents(): Promise<string[]> {
  return (await readdir(home, { recursive: true })).filter((path) => !path.startsWith('cache')).sort();
}
