/** The package as a person gets it, unpacked far from this project: no node_modules above it, nothing of the source beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Package, packageExtension } from '../../scripts/build/package.ts';
import { projectRoot } from '../../scripts/setup/environment.ts';
import { venv } from '../support/linearTask.ts';

export interface Unpacked extends AsyncDisposable {
  packed: Package;
  /** The extension's folder. */
  folder: string;
}

/** Builds and packs this source, and unpacks what came out. */
export async function unpackedExtension(): Promise<Unpacked> {
  const packed = await packageExtension(join(projectRoot, 'build', 'for-tests'));
  const root = await mkdtemp(join(tmpdir(), 'aira2-package-'));
  await execa(join(venv, 'bin', 'python'), ['-m', 'zipfile', '-e', packed.path, root], { timeout: 60_000 });
  return {
    packed,
    folder: join(root, 'extension'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
