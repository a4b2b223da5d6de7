import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { simulatedProgram } from '../../../bench/simulation/program.ts';
import { openRunView } from '../../../protocol/projection.ts';
import type { CandidateId } from '../../../protocol/run.ts';
import type { ProgramFile } from '../../../protocol/worker.ts';
import { candidate, runStarted, scored } from '../../../test/support/candidates.ts';
import { duplicateWords } from './duplicateWords.ts';
import { ProgramIndex } from './programIndex.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aira2-index-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const files = (text: string): ProgramFile[] => [
  { path: 'solution.py', contentBase64: Buffer.from(text).toString('base64') },
];
const text = (name: string) => Buffer.from(simulatedProgram(name), 'base64').toString('utf8');

/** A store of programs in memory, which counts how often they are read. */
function programs() {
  const view = openRunView('toy', { seq: 1, at: 0, body: runStarted() });
  const byId = new Map<CandidateId, ProgramFile[]>();
  const read: CandidateId[] = [];
  return {
    view,
    read,
    byId,
    store: {
      view,
      readProgram: async (id: CandidateId) => {
        read.push(id);
        const program = byId.get(id);
        if (program === undefined) throw new Error(`no program ${id}`);
        return program;
      },
    },
  };
}

describe('the index of programs', () => {
  it('finds the nearest program among many, and compares hardly any', async () => {
    const { store, byId, read } = programs();
    const index = await ProgramIndex.open(store, join(folder, 'sketches.jsonl'));
    for (let id = 1; id <= 300; id += 1) {
      byId.set(id, files(text(`program ${id}`)));
      index.add(id, byId.get(id) ?? []);
    }
    assert.equal(await index.nearest(files(text('another')), 301), null);
    assert.deepEqual(read, []);
    const nearly = text('program 77').replace(/, 50\)/, ', 51)');
    const found = await index.nearest(files(`# mine\n${nearly}`), 301);
    assert.equal(found?.of, 77);
    assert.ok((found?.similarity ?? 0) > 0.98 && (found?.similarity ?? 1) < 1);
    assert.ok(read.length <= 3);
    assert.equal(await index.nearest(byId.get(77) ?? [], 77), null, 'a program is no duplicate of itself');
    await index.close();
  });

  it('reads no program after a restart, but those whose sketch was not written', async () => {
    const { store, byId, read, view } = programs();
    const path = join(folder, 'sketches.jsonl');
    for (const id of [1, 2, 3]) {
      byId.set(id, files(text(`program ${id}`)));
      view.candidates.set(id, scored(id, id));
    }
    view.candidates.set(4, candidate(4, { state: 'failed', failure: { kind: 'no_submission', message: '' } }));
    view.candidates.set(5, scored(5, 5)); // Its folder is gone.
    const first = await ProgramIndex.open(store, path);
    await first.caughtUp;
    await first.close();
    assert.deepEqual(read.splice(0), [1, 2, 3, 5]);
    byId.delete(5);
    view.candidates.delete(5);
    const second = await ProgramIndex.open(store, path);
    await second.caughtUp;
    assert.deepEqual(read, []);
    assert.equal((await second.nearest(files(text('program 2')), 9))?.of, 2);
    await second.close();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(path, `${lines.slice(0, 2).join('\n')}\n`);
    read.splice(0);
    const third = await ProgramIndex.open(store, path);
    await third.caughtUp;
    assert.deepEqual(read, [3]);
    await third.close();
  });

  it('makes a damaged file anew', async () => {
    const { store, byId, view } = programs();
    const path = join(folder, 'sketches.jsonl');
    byId.set(1, files(text('program 1')));
    view.candidates.set(1, scored(1, 1));
    await writeFile(path, '{"id": "x"}\n');
    const index = await ProgramIndex.open(store, path);
    await index.caughtUp;
    assert.equal((await index.nearest(files(text('program 1')), 2))?.similarity, 1);
    await index.close();
  });

  it('says in words what is the same, what came of that, and what is not', () => {
    const before = files('import os\nrate = 0.1\n');
    const words = duplicateWords(
      { of: 7, similarity: 0.991, files: before },
      scored(7, 0.123456789),
      files('import os\n# faster\nrate = 0.2\n'),
    );
    assert.match(words, /nearly the same as #7 \(99\.1 % of it\), which scored 0\.12346\./);
    assert.match(words, /Only yours has:\n {2}rate = 0\.2\n/);
    assert.match(words, /call `submit` again/);
    assert.match(
      duplicateWords({ of: 7, similarity: 1, files: before }, candidate(7), before),
      /token for token, which is being/,
    );
  });
});
