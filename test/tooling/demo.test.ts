import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const demo = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));

it("a demo whose run fails shows the command's own message and exit code", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aira2-demo-'));
  try {
    const home = join(folder, 'file');
    await writeFile(home, '');
    const { exitCode, stderr } = await execa(process.execPath, [demo], {
      reject: false,
      stdin: 'ignore',
      timeout: 280_000,
      env: { AIRA2_HOME: home },
    });
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /aira2 run birdstrikes ended with exit code 2: .* is no folder/);
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
