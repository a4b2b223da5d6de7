import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { execa } from 'execa';
import type { FileOutcome } from '../../scripts/test/outcome.ts';
import { countLine } from '../../scripts/test/report.ts';

const runner = new URL('../../scripts/test/runFile.ts', import.meta.url).href;
const deadline = { timeout: 90_000 };

/** Runs one file of tests as `npm test` would, in a process that is no test itself. */
async function outcomeOf(t: TestContext, source: string, fileTimeoutMs = 30_000, grep = 'null'): Promise<FileOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-runner-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'some.test.mjs'), `import test, { describe } from 'node:test';\n${source}`);
  const limits = JSON.stringify({ testTimeoutMs: 10_000, fileTimeoutMs });
  const script = `
    const { runTestFile } = await import(${JSON.stringify(runner)});
    const outcome = await runTestFile(${JSON.stringify(folder)}, 'some.test.mjs', ${limits}, ${grep});
    process.stdout.write(JSON.stringify(outcome), () => process.exit());`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { env, extendEnv: false, timeout: 60_000 };
  await writeFile(join(folder, 'run.mjs'), script);
  const { stdout } = await execa(process.execPath, [join(folder, 'run.mjs')], options);
  return JSON.parse(stdout) as FileOutcome;
}

const brief = ({ outcomes }: FileOutcome) =>
  outcomes.map(({ state, within, name }) => `${state}: ${[...within, name].join(' › ')}`);

test('tests are counted one by one, under the names of all that they stand in', deadline, async (t) => {
  const file = await outcomeOf(
    t,
    `test('first', () => {});
     describe('outer', () => {
       describe('inner', () => { test('deep', () => {}); test('bad', () => { throw new Error('the very reason'); }); });
       test('left out', { skip: 'no GPU' }, () => {});
     });
     test('last', () => {});`,
  );
  assert.deepEqual(brief(file), [
    'passed: first',
    'passed: outer › inner › deep',
    'failed: outer › inner › bad',
    'skipped: outer › left out',
    'passed: last',
  ]);
  assert.match(file.outcomes[2]?.detail ?? '', /the very reason/);
  assert.equal(file.outcomes[3]?.detail, 'no GPU');
  assert.equal(countLine([file]), '3 passed, 1 failed, 1 skipped');
});

test('a file that cannot be loaded, or holds no test, is a failure and not a silence', deadline, async (t) => {
  const broken = await outcomeOf(t, `console.log('so far'); await import('./nothing-here.mjs');`);
  assert.deepEqual(brief(broken), ['failed: the file runs to its end']);
  assert.match(broken.output, /so far[\s\S]*nothing-here/);
  assert.deepEqual(brief(await outcomeOf(t, '')), ['failed: the file holds tests']);
});

test(
  'a file that is kept alive after its tests is killed at its deadline, and that is a failure',
  deadline,
  async (t) => {
    // Long enough for a process to start and pass a test, also beside much else.
    const file = await outcomeOf(t, `test('leaves a timer', () => { setInterval(() => {}, 1000); });`, 12_000);
    assert.deepEqual(brief(file), ['passed: leaves a timer', 'failed: the file runs to its end']);
    assert.match(file.outcomes[1]?.detail ?? '', /keeps its process alive/);
  },
);

test('a pattern picks tests by name, and a file without a match is nothing', deadline, async (t) => {
  const source = `test('one apple', () => {}); test('one pear', () => { throw new Error('not asked for'); });`;
  assert.deepEqual(brief(await outcomeOf(t, source, 30_000, '/apple/')), ['passed: one apple']);
  assert.deepEqual(brief(await outcomeOf(t, source, 30_000, '/plum/')), []);
});
