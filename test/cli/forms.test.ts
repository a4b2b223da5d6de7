/** What `--json` prints fits its documented form, and is all there is on standard output. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type FormName, forms } from '../../server/cli/output.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { candidate, runStarted } from '../support/candidates.ts';
import { aira2 } from '../support/command.ts';

const run = '20260103-000000-linear-c001';
let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'aira2-cli-'));
  const store = await RunStore.create(home, run, runStarted());
  const first = candidate(1, { summary: 'a\u001b[31m red\u001b]0;title\u0007 line\u009b2J' });
  await store.append({ type: 'candidate_started', candidate: first, request: null, generator: [1, 2, 3, 4] });
  await store.close();
});
after(() => rm(home, { recursive: true, force: true }));

const commands: [FormName, string[]][] = [
  ['runs list', ['runs', 'list']],
  ['runs show', ['runs', 'show', 'last']],
  ['runs candidates', ['runs', 'candidates', 'c001']],
  ['runs trajectory', ['runs', 'trajectory', 'last', '1']],
  ['task list', ['task', 'list']],
  ['doctor', ['doctor']],
];

/** A check that does not pass still has its result to show; what has none shows the error. */
const failing: [FormName, number, string[], Record<string, string>][] = [
  ['doctor', 4, ['doctor'], { AIRA2_VENV: '/nowhere' }],
  ['error', 3, ['runs', 'show', 'nope'], {}],
  ['error', 2, ['task', 'prepare'], {}],
];

describe('--json', { timeout: 120_000 }, () => {
  for (const [form, args] of commands)
    it(`of ${args.join(' ')} is one value of the form "${form}"`, async () => {
      const { stdout, exitCode, stderr } = await aira2([...args, '--json'], { home });
      assert.equal(exitCode, 0, stderr);
      forms[form].parse(JSON.parse(stdout));
      const plain = await aira2(args, { home });
      assert.equal(plain.exitCode, 0);
      assert.doesNotMatch(plain.stdout, /\p{Cc}(?<![\n\t])/u, 'no text of a model steers the terminal');
      assert.throws(() => JSON.parse(plain.stdout), 'without --json it is words');
    });

  for (const [form, exitCode, args, environment] of failing)
    it(`of ${args.join(' ')}, which fails, is one value of the form "${form}" and exit code ${exitCode}`, async () => {
      const options = { home, environment };
      const json = await aira2([...args, '--json'], options);
      assert.equal(json.exitCode, exitCode, json.stderr);
      forms[form].parse(JSON.parse(json.stdout));
      const plain = await aira2(args, options);
      assert.equal(plain.exitCode, exitCode);
      assert.match(plain.stderr, /^error: /m);
    });

  it('every form has a schema that aira2 schema shows', async () => {
    const { stdout } = await aira2(['schema'], { home });
    assert.deepEqual(Object.keys(JSON.parse(stdout)), Object.keys(forms));
  });
});
