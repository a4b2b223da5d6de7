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
  await store.append({ type: 'candidate_started', candidate: candidate(1), request: null, generator: [1, 2, 3, 4] });
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

describe('--json', { timeout: 120_000 }, () => {
  for (const [form, args] of commands)
    it(`of ${args.join(' ')} is one value of the form "${form}"`, async () => {
      const { stdout, exitCode, stderr } = await aira2([...args, '--json'], { home });
      assert.equal(exitCode, 0, stderr);
      forms[form].parse(JSON.parse(stdout));
      const plain = await aira2(args, { home });
      assert.equal(plain.exitCode, 0);
      assert.throws(() => JSON.parse(plain.stdout), 'without --json it is words');
    });

  it('every form has a schema that aira2 schema shows', async () => {
    const { stdout } = await aira2(['schema'], { home });
    assert.deepEqual(Object.keys(JSON.parse(stdout)), Object.keys(forms));
  });
});
