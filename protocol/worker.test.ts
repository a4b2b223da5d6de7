import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientToServer } from './client.ts';
import { maxProgramBytes, maxProgramFiles, Program, ProgramFile } from './worker.ts';

const file = (path: string, bytes = 1) => ({ path, contentBase64: Buffer.alloc(bytes).toString('base64') });

test('paths of programs are relative and lead nowhere else', () => {
  for (const path of ['a', 'a/b.py', '.hidden', 'ä b/世界.txt', 'a..b', 'x'.repeat(1024)])
    assert.ok(ProgramFile.safeParse(file(path)).success, path);
  for (const path of ['', '/a', '..', 'a/..', '../a', './a', 'a//b', 'a/', 'a\nb', 'a\0', 'a\\b', 'ä'.repeat(513)])
    assert.ok(!ProgramFile.safeParse(file(path)).success, JSON.stringify(path));
});

test('a program is held to its number of files and bytes, also on the wire', () => {
  const files = (count: number) => Array.from({ length: count }, (_, index) => file(`${index}.py`));
  assert.ok(Program.safeParse(files(maxProgramFiles)).success);
  assert.ok(Program.safeParse([file('a', maxProgramBytes - 1), file('b')]).success);
  const submit = (program: unknown) =>
    clientToServer['run.submit'].params.safeParse({
      run: '20260101-000000-a-0000',
      summary: 'mine',
      files: program,
      operation: 'a',
    });
  assert.ok(submit(files(1)).success);
  for (const bad of [[], files(maxProgramFiles + 1), [file('a', maxProgramBytes), file('b')], [file('../a')]])
    assert.ok(!submit(bad).success);
});
