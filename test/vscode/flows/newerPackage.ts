/** The packed extension once more, as its next build would be: another stamp, a later time. */
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { execa } from 'execa';
import { venv } from '../../support/linearTask.ts';

/**
 * @param folder a new one is made in it
 * @returns its path
 */
export async function newerPackage(vsix: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const place = await mkdtemp(join(folder, 'newer-'));
  await execa(join(venv, 'bin', 'python'), ['-m', 'zipfile', '-e', vsix, place], { timeout: 60_000 });
  const cwd = join(place, 'extension');
  const stampFile = join(cwd, 'build.json');
  const stamp = JSON.parse(await readFile(stampFile, 'utf8'));
  await writeFile(stampFile, JSON.stringify({ ...stamp, id: 'fedcba9876543210', builtAt: Date.now() }));
  const packagePath = join(place, 'newer.vsix');
  await createVSIX({
    cwd,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  return packagePath;
}
