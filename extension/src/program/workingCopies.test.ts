import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeWorkingCopy, ProgramFolderError, readProgramFolder, workingCopyOf } from './workingCopies.ts';

async function storage(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-copies-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const origin = { run: 'run-one', parent: 12, machine: 'here' };
const program = new Map([
  ['solution.py', Buffer.from('print(1)')],
  ['lib/a.py', Buffer.from('x = 1')],
]);

test('a working copy knows from any of its files where it came from, and two of one candidate lie apart', async (t) => {
  const at = await storage(t);
  const one = await makeWorkingCopy(at, origin, program);
  const two = await makeWorkingCopy(at, origin, program);
  assert.notEqual(one.folder, two.folder);
  assert.deepEqual(await workingCopyOf(at, join(two.folder, 'lib', 'a.py')), two);
  assert.equal(await workingCopyOf(at, join(at, 'elsewhere.py')), null);
  assert.equal(await workingCopyOf(at, '/etc/passwd'), null);
});

test('what is submitted is what the person sees: no caches, no links, everything else', async (t) => {
  const at = await storage(t);
  const { folder } = await makeWorkingCopy(at, origin, program);
  await mkdir(join(folder, '__pycache__'));
  await writeFile(join(folder, '__pycache__', 'a.pyc'), 'x');
  await symlink('/etc/passwd', join(folder, 'link.txt'));
  const files = await readProgramFolder(folder);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['lib/a.py', 'solution.py'],
  );
  assert.equal(Buffer.from(files[1]?.contentBase64 ?? '', 'base64').toString(), 'print(1)');
});

test('a file of a program that would leave its folder is not written', async (t) => {
  const at = await storage(t);
  await assert.rejects(makeWorkingCopy(at, origin, new Map([['../../evil.py', Buffer.from('')]])), ProgramFolderError);
});

test('a folder that is too large for a program is refused with the file where it grows too large', async (t) => {
  const at = await storage(t);
  const { folder } = await makeWorkingCopy(at, origin, program);
  await writeFile(join(folder, 'weights.bin'), Buffer.alloc(9 * 2 ** 20));
  await assert.rejects(readProgramFolder(folder), /weights\.bin/);
});
