/** The folder that becomes the package: the bundles, and of everything else only what is listed here. */
import { createHash } from 'node:crypto';
import { cp, glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { projectRoot } from '../setup/environment.ts';

/** Files that are taken as they are: pattern in the project, and what its path loses on the way. */
const taken: readonly { pattern: string; without: string }[] = [
  { pattern: 'extension/README.md', without: 'extension/' },
  { pattern: 'extension/package.nls*.json', without: 'extension/' },
  { pattern: 'extension/l10n/*.json', without: 'extension/' },
  { pattern: 'CHANGELOG.md', without: '' },
  { pattern: 'LICENSE', without: '' },
  { pattern: 'media/**/*.{svg,png,md}', without: '' },
  { pattern: 'server/**/*.{py,sh}', without: '' },
  { pattern: 'tasks/**/*', without: '' },
  { pattern: 'requirements.txt', without: '' },
];
const leftOut = /(^|\/)__pycache__(\/|$)|\.pyc$|^media\/icon\.svg$|\.test\.(py|sh)$/;

const Manifest = z.looseObject({ version: z.string(), type: z.string().optional(), private: z.boolean().optional() });
const Package = z.object({ version: z.string() });

/** A second lock on the same door: vsce packs nothing but these. */
const packed = [
  '*.json',
  '*.md',
  'LICENSE',
  'requirements.txt',
  'dist/**',
  'l10n/**',
  'media/**',
  'server/**',
  'tasks/**',
];
const ignoreFile = ['**', ...packed.map((pattern) => `!${pattern}`)].join('\n');

/** A staged manifest whose version is not the project's. */
export class VersionMismatchError extends Error {
  override readonly name = 'VersionMismatchError';

  constructor(extension: string, project: string) {
    super(`extension/package.json has version ${extension}, package.json has ${project}: make them the same.`);
  }
}

/** The manifest as it is shipped: without what only the source needs. */
async function stageManifest(folder: string): Promise<string> {
  const {
    type: _type,
    private: _private,
    ...manifest
  } = Manifest.parse(JSON.parse(await readFile(join(projectRoot, 'extension/package.json'), 'utf8')));
  const { version } = Package.parse(JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')));
  if (manifest.version !== version) throw new VersionMismatchError(manifest.version, version);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return version;
}

/** Says what this build is: two builds with the same id run the same server, and of two others the later is newer. */
async function stampServer(folder: string, version: string): Promise<void> {
  const hash = createHash('sha256');
  const files: string[] = [];
  for await (const file of glob('{server,tasks}/**/*.*', { cwd: folder })) files.push(file);
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(await readFile(join(folder, file)))
      .update('\0');
  const stamp = { version, id: hash.digest('hex').slice(0, 16), builtAt: Date.now() };
  await writeFile(join(folder, 'build.json'), `${JSON.stringify(stamp)}\n`);
}

/**
 * Puts everything but the bundles into `folder`, which holds the bundles already.
 * @throws {VersionMismatchError}
 */
export async function stage(folder: string): Promise<void> {
  for (const { pattern, without } of taken) {
    for await (const entry of glob(pattern, { cwd: projectRoot, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name).slice(projectRoot.length + 1);
      if (leftOut.test(path)) continue;
      const target = join(folder, path.slice(without.length));
      await mkdir(dirname(target), { recursive: true });
      await cp(join(projectRoot, path), target);
    }
  }
  await writeFile(join(folder, '.vscodeignore'), `${ignoreFile}\n`);
  const version = await stageManifest(folder);
  await stampServer(folder, version);
}
