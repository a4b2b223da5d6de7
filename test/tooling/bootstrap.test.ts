import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const scripts = fileURLToPath(new URL('../../scripts/', import.meta.url));
const deadline = { timeout: 60_000 };
const wanted = {
  '': {},
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/elsewhere': { version: '1.0.0', optional: true },
};

/** A project with our bootstrap, a lockfile, and what npm says it installed. */
async function project(t: TestContext, installed: Record<string, unknown> | null): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'aira2-bootstrap-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'scripts'));
  await mkdir(join(root, 'node_modules', 'a'), { recursive: true });
  for (const file of ['bootstrap.js', 'runtime.js']) await cp(join(scripts, file), join(root, 'scripts', file));
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'sample', type: 'module' }));
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  if (installed !== null)
    await writeFile(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
  await writeFile(join(root, 'scripts', 'demo.ts'), 'const args: string[] = process.argv.slice(2); console.log(args);');
  return root;
}

/** Runs the bootstrap with an `npm` that only says how it was called, and fails. */
async function bootstrap(root: string, args: string[]) {
  const bin = join(root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'npm'), '#!/bin/sh\necho "npm $*"\nexit 3\n', { mode: 0o755 });
  return execa(process.execPath, [join(root, 'scripts', 'bootstrap.js'), ...args], {
    env: { PATH: `${bin}:/usr/bin:/bin` },
    extendEnv: false,
    reject: false,
    timeout: 30_000,
  });
}

test('with the packages in place it hands over at once, with the arguments as they are', deadline, async (t) => {
  const root = await project(t, { 'node_modules/a': wanted['node_modules/a'] });
  const { exitCode, stdout, stderr } = await bootstrap(root, ['demo', '--x', 'a b']);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, "[ '--x', 'a b' ]", "standard output is the command's own");
  assert.match(stderr, /node packages: up to date/);
});

test('missing, outdated and altered packages are installed anew; a failure says what to do', deadline, async (t) => {
  const states = [
    null,
    { 'node_modules/a': { version: '0.9.0', integrity: 'sha512-a' } },
    { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } },
  ];
  for (const installed of states) {
    const { exitCode, stderr } = await bootstrap(await project(t, installed), ['demo']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /installing with npm ci[\s\S]*npm ci --no-audit[\s\S]*ended with 3.*try again/);
  }
});

test('an unknown command is refused with the list', deadline, async (t) => {
  const { exitCode, stderr } = await bootstrap(await project(t, null), ['deploy']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /setup\|test\|demo\|bench/);
});
