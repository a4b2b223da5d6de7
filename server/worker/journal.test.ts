import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ExecutionResult } from '../../protocol/worker.ts';
import { Journal, JournalError } from './journal.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(() => rm(directory, { recursive: true }));

function result(text: string): ExecutionResult {
  return { kind: 'tool', outcome: 'ok', text, fullTextPath: null, exitCode: 0, durationMs: 1 };
}

describe('the journal', () => {
  it('gives unacknowledged results back after a restart, and acknowledged ones no more', async () => {
    const first = await Journal.open({ directory });
    await first.finish('a', 's1', result('alpha'));
    await first.finish('b', null, result('beta\nwith "lines" and ü'));
    await first.settle(['a']);
    await first.close();

    const second = await Journal.open({ directory });
    assert.deepEqual(second.ids(), ['b']);
    assert.deepEqual(await second.read('b'), result('beta\nwith "lines" and ü'));
    assert.equal(await second.read('a'), null);
    assert.equal(second.damagedLines, 0);
    await second.close();
  });

  it('cuts off a last line torn by a crash, at any byte, and goes on', async () => {
    const whole = await Journal.open({ directory });
    await whole.finish('a', null, result('alpha'));
    const before = (await stat(join(directory, 'journal'))).size;
    await whole.finish('b', null, result('beta'));
    await whole.close();
    const bytes = await readFile(join(directory, 'journal'));
    for (let cut = before + 1; cut < bytes.length; cut += 7) {
      await writeFile(join(directory, 'journal'), bytes);
      await truncate(join(directory, 'journal'), cut);
      const torn = await Journal.open({ directory });
      assert.deepEqual(torn.ids(), ['a'], `cut at ${cut}`);
      assert.equal(torn.damagedLines, 1);
      await torn.finish('c', null, result('gamma'));
      await torn.close();
      const again = await Journal.open({ directory });
      assert.deepEqual(again.ids(), ['a', 'c']);
      assert.deepEqual(await again.read('c'), result('gamma'));
      await again.close();
    }
  });

  it('leaves out a line whose bytes have rotted and keeps its neighbours', async () => {
    const journal = await Journal.open({ directory });
    await journal.finish('a', null, result('first'));
    await journal.finish('b', null, result('second'));
    await journal.finish('c', null, result('third'));
    await journal.close();
    const path = join(directory, 'journal');
    await writeFile(path, (await readFile(path, 'utf8')).replace('second', 'sEcond'));
    const reopened = await Journal.open({ directory });
    assert.deepEqual(reopened.ids(), ['a', 'c']);
    assert.equal(reopened.damagedLines, 1);
    assert.deepEqual(await reopened.read('c'), result('third'));
    await reopened.close();
  });

  it('stays small while results come and go, and loses none that are alive', async () => {
    const journal = await Journal.open({ directory, compactAtBytes: 20_000 });
    await journal.finish('kept', 's', result('k'.repeat(1000)));
    for (let i = 0; i < 300; i += 1) {
      await journal.finish(`x${i}`, null, result('x'.repeat(1000)));
      await journal.settle([`x${i}`]);
    }
    assert.ok((await stat(join(directory, 'journal'))).size < 80_000);
    assert.deepEqual(await journal.read('kept'), result('k'.repeat(1000)));
    await journal.finish('late', null, result('after compaction'));
    await journal.close();
    const reopened = await Journal.open({ directory });
    assert.deepEqual(reopened.ids(), ['kept', 'late']);
    assert.deepEqual(await reopened.read('late'), result('after compaction'));
    assert.deepEqual(reopened.ofSession('s'), ['kept']);
    await reopened.close();
  });

  it('refuses results beyond its bound and takes them again when room was made', async () => {
    const journal = await Journal.open({ directory, maxLiveBytes: 3000 });
    await journal.finish('a', null, result('a'.repeat(2000)));
    await assert.rejects(journal.finish('b', null, result('b'.repeat(2000))), JournalError);
    await journal.settle(['a']);
    await journal.finish('b', null, result('b'.repeat(2000)));
    assert.deepEqual(journal.ids(), ['b']);
    await journal.close();
  });

  it('survives a compaction that was killed half way', async () => {
    const journal = await Journal.open({ directory });
    await journal.finish('a', null, result('alpha'));
    await journal.close();
    await appendFile(join(directory, 'journal.new'), 'half of a');
    const reopened = await Journal.open({ directory, compactAtBytes: 10 });
    await reopened.finish('b', null, result('beta'));
    await reopened.settle(['b']);
    assert.deepEqual(reopened.ids(), ['a']);
    assert.deepEqual(await reopened.read('a'), result('alpha'));
    await reopened.close();
  });
});
