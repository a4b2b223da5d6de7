import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { maxProgramBytes, maxProgramFiles } from '../../protocol/worker.ts';
import { readProgramFolder, writeProgramFolder } from './programFolder.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'aira2-program-'));
});
after(() => rm(root, { recursive: true, force: true }));

async function folder(name: string, files: Record<string, string>): Promise<string> {
  const directory = join(root, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

describe('a program folder', () => {
  it('has the same files however its path is written; compiled caches are none of them', async () => {
    const directory = await folder('plain', { 'solution.py': 'a', 'lib/b.py': 'b', '__pycache__/b.pyc': 'c' });
    const expected = [
      { path: 'lib/b.py', contentBase64: 'Yg==' },
      { path: 'solution.py', contentBase64: 'YQ==' },
    ];
    const below = relative(process.cwd(), directory);
    for (const path of [directory, `${directory}/`, below, `./${below}//`, `${join(directory, 'lib')}/..`])
      assert.deepEqual(await readProgramFolder(path), expected, path);
  });

  it('is refused in words if it holds a link or a pipe', async () => {
    const linked = await folder('linked', { 'solution.py': '' });
    await symlink('/etc/passwd', join(linked, 'data.csv'));
    await assert.rejects(readProgramFolder(linked), /data\.csv is a symbolic link, .* regular files only/);
    const piped = await folder('piped', { 'solution.py': '' });
    execFileSync('mkfifo', [join(piped, 'pipe')]);
    await assert.rejects(readProgramFolder(piped), /pipe is a special file/);
  });

  it('is refused for its size before anything of it is read', { timeout: 10_000 }, async () => {
    const large = await folder('large', { 'solution.py': '', 'data.bin': '' });
    // Sparse: reading a terabyte would not end in the time of this test.
    await truncate(join(large, 'data.bin'), 2 ** 40);
    await assert.rejects(readProgramFolder(large), /more than 8 MiB \(at data\.bin\)\. Leave data/);
    const exact = await folder('exact', { 'solution.py': '' });
    await truncate(join(exact, 'solution.py'), maxProgramBytes);
    assert.equal((await readProgramFolder(exact)).length, 1);
    const names = Array.from({ length: maxProgramFiles + 1 }, (_, index) => [`sub/${index}.py`, ''] as const);
    await assert.rejects(readProgramFolder(await folder('many', Object.fromEntries(names))), /more than 200 files/);
  });

  it('is refused if it is missing, or a file', async () => {
    const directory = await folder('single', { 'solution.py': '' });
    await assert.rejects(readProgramFolder(join(directory, 'solution.py')), {
      name: 'ProgramFolderError',
      message: /cannot be read as a folder/,
    });
    await assert.rejects(readProgramFolder(join(root, 'missing')), { name: 'ProgramFolderError' });
  });
});

describe('a program that is put in place', () => {
  const text = (content: string) => Buffer.from(content).toString('base64');

  it('takes the place of all that was there, and leaves nothing beside it', async () => {
    const candidate = join(root, 'candidate');
    const directory = join(candidate, 'program');
    await writeProgramFolder(directory, [{ path: 'old.py', contentBase64: text('old') }]);
    const files = [
      { path: 'lib/deep/b.py', contentBase64: text('b') },
      { path: 'solution.py', contentBase64: text('a') },
    ];
    await writeProgramFolder(directory, files);
    assert.deepEqual(await readProgramFolder(directory), files);
    assert.deepEqual(await readdir(candidate), ['program']);
  });

  it('is whole also where a process died while it put another one there', async () => {
    const candidate = join(root, 'interrupted');
    await mkdir(join(candidate, `.program-${process.pid}`), { recursive: true });
    await writeFile(join(candidate, `.program-${process.pid}`, 'half.py'), 'ha');
    const files = [{ path: 'solution.py', contentBase64: text('a') }];
    await writeProgramFolder(join(candidate, 'program'), files);
    assert.deepEqual(await readProgramFolder(join(candidate, 'program')), files);
  });

  it('can be read by the unprivileged user of a sandbox', async () => {
    const directory = join(root, 'shown', 'program');
    await writeProgramFolder(directory, [{ path: 'lib/solution.py', contentBase64: text('a') }]);
    for (const path of ['', 'lib']) assert.equal((await stat(join(directory, path))).mode & 0o005, 0o005, path);
    assert.equal((await stat(join(directory, 'lib/solution.py'))).mode & 0o004, 0o004);
  });

  it('leaves what stood there when it cannot be written', async () => {
    const directory = join(root, 'kept', 'program');
    const files = [{ path: 'solution.py', contentBase64: text('a') }];
    await writeProgramFolder(directory, files);
    const clash = [
      { path: 'lib', contentBase64: '' },
      { path: 'lib/solution.py', contentBase64: '' },
    ];
    await assert.rejects(writeProgramFolder(directory, clash));
    assert.deepEqual(await readProgramFolder(directory), files);
  });
});
