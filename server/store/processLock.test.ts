import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { lockHolder, takeLock } from './processLock.ts';

const module = fileURLToPath(new URL('./processLock.ts', import.meta.url));
/** Says how it fared, and holds what it has until its input ends. */
const takeAndHold = `import { takeLock } from ${JSON.stringify(module)};
try { await takeLock(process.argv[1]); console.log('held'); } catch { console.log('refused'); }
process.stdin.resume();`;

describe('the lock of a run', () => {
  it('is held by one process, also when many take over a stale one at the same moment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aira2-lock-'));
    const path = join(folder, 'lock');
    await writeFile(path, JSON.stringify({ pid: 2 ** 22 - 1, startTime: '1' }));
    const takers = Array.from({ length: 6 }, () =>
      execa(process.execPath, ['--input-type=module', '-e', takeAndHold, path], { timeout: 50_000 }),
    );
    const answers = await Promise.all(takers.map(async ({ stdout }) => String(await once(stdout, 'data')).trim()));
    for (const { stdin } of takers) stdin.end();
    await Promise.all(takers);
    assert.deepEqual(answers.sort(), ['held', ...Array(5).fill('refused')]);
    await rm(folder, { recursive: true });
  });

  it('is given back by its holder only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aira2-lock-'));
    const path = join(folder, 'lock');
    const giveBack = await takeLock(path);
    assert.equal(await lockHolder(path), process.pid);
    const others = JSON.stringify({ pid: process.pid, startTime: 'another' });
    await writeFile(path, others);
    await giveBack();
    assert.equal(await readFile(path, 'utf8'), others);
    await rm(folder, { recursive: true });
  });
});
