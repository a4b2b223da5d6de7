import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import * as z from 'zod';
import { sizeLimits } from '../../scripts/build/sizes.ts';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { type Unpacked, unpackedExtension } from './unpacked.ts';

const Manifest = z.looseObject({
  version: z.string(),
  main: z.string(),
  icon: z.string(),
  type: z.string().optional(),
  engines: z.object({ vscode: z.string() }),
});

suite('the package', { timeout: 120_000 }, () => {
  let unpacked: Unpacked;
  before(async () => {
    unpacked = await unpackedExtension();
  });
  after(() => unpacked?.[Symbol.asyncDispose]());

  test('stays within its limits of size, and says each', () => {
    const { sizes } = unpacked.packed;
    assert.deepEqual(sizes.find(({ what }) => what === 'package')?.limit, sizeLimits.package);
    assert.ok(sizes.some(({ what }) => what === 'extension host'));
    for (const { what, bytes, limit } of sizes) assert.ok(bytes > 0 && bytes <= limit, `${what}: ${bytes} of ${limit}`);
  });

  test('holds what the extension and its server run on, and nothing of source, tests, maps or native code', async () => {
    const entries = await readdir(unpacked.folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(unpacked.folder.length + 1));
    const places =
      /^(dist|server|tasks|media|l10n)\/|^(package(\.nls(\.[\w-]+)?)?\.json|build\.json|readme\.md|changelog\.md|LICENSE\.txt|requirements\.txt)$/;
    assert.deepEqual(
      files.filter((file) => !places.test(file)),
      [],
    );
    const unwanted = /\.(ts|map|node|so|dll|dylib|exe|pyc|test\.\w+)$|node_modules|__pycache__/;
    assert.deepEqual(
      files.filter((file) => unwanted.test(file)),
      [],
    );
    for (const needed of ['dist/extension.cjs', 'server/aira2.mjs', 'server/worker.mjs', 'tasks/diamonds/task.yaml'])
      assert.ok(files.includes(needed), `${needed} is missing`);
    const python = async (root: string) =>
      (await readdir(join(root, 'server'), { recursive: true })).filter((path) => /\.(py|sh)$/.test(path)).sort();
    assert.deepEqual(await python(unpacked.folder), await python(projectRoot), 'Python and shell parts');
  });

  test('names in its manifest only files that it holds, and is CommonJS to VS Code', async () => {
    const text = await readFile(join(unpacked.folder, 'package.json'), 'utf8');
    const { main, icon, type } = Manifest.parse(JSON.parse(text));
    assert.equal(type, undefined);
    const named = [
      main,
      icon,
      ...[...text.matchAll(/"((?:media|dist|l10n)\/[^"]+\.\w+)"/g)].map((match) => match[1] ?? ''),
    ];
    for (const path of new Set(named)) await readFile(join(unpacked.folder, path));
  });

  test('tells nothing of the machine that it was built on', async () => {
    for (const folder of ['dist', 'server']) {
      for (const file of await readdir(join(unpacked.folder, folder), { recursive: true })) {
        if (!/\.[cm]?js$/.test(file)) continue;
        const text = await readFile(join(unpacked.folder, folder, file), 'utf8');
        assert.ok(!text.includes(projectRoot), `${folder}/${file} holds the path ${projectRoot}`);
      }
    }
  });
});
