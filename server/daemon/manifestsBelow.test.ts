import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { manifestsBelow } from './manifestsBelow.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'aira2-below-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function manifest(...folder: string[]): string {
  mkdirSync(join(root, ...folder), { recursive: true });
  const file = join(root, ...folder, 'task.yaml');
  writeFileSync(file, '');
  return file;
}

describe('manifests of a workspace', () => {
  it('are found three folders deep, not in hidden ones, not among packages, and not through links', async () => {
    const expected = [manifest(), manifest('a'), manifest('a', 'b', 'c')].sort();
    manifest('a', 'b', 'c', 'd');
    manifest('.hidden');
    manifest('node_modules', 'x');
    const outside = mkdtempSync(join(tmpdir(), 'aira2-outside-'));
    try {
      writeFileSync(join(outside, 'task.yaml'), '');
      symlinkSync(outside, join(root, 'link'));
      mkdirSync(join(root, 'linked'));
      symlinkSync(join(outside, 'task.yaml'), join(root, 'linked', 'task.yaml'));
      // A loop of links ends nowhere.
      symlinkSync(root, join(root, 'a', 'again'));
      assert.deepEqual(await manifestsBelow([root, 'relative/path', join(root, 'none')]), {
        files: expected,
        cutBy: null,
      });
      assert.deepEqual((await manifestsBelow([root, join(root, 'a')])).files.length, 4, 'each once, deeper from below');
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  it('are looked for up to a number of names and of manifests, those on top first, and what is left out is said', async () => {
    const top = manifest('z');
    for (let folder = 0; folder < 20; folder += 1) {
      manifest(`a${folder}`, 'deep');
      for (let file = 0; file < 20; file += 1) writeFileSync(join(root, `a${folder}`, `${file}.csv`), '');
    }
    const few = await manifestsBelow([root], { maxManifests: 5 });
    assert.deepEqual([few.files.length, few.cutBy, few.files.includes(top)], [5, 'manifests', true]);
    const short = await manifestsBelow([root], { maxEntries: 100 });
    assert.equal(short.cutBy, 'entries');
    assert.ok(short.files.length < 21);
    assert.deepEqual((await manifestsBelow([root], { maxManifests: 21 })).cutBy, null, 'all of them are not too many');
    const late = await manifestsBelow([root], { maxMs: 0 });
    assert.equal(late.cutBy, 'time');
  });
});
