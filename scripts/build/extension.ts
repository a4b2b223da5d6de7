/** The whole build: bundles and what goes with them, in one folder. Whoever asks for it decides about sizes. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../setup/environment.ts';
import { type Bundles, bundle } from './bundle.ts';
import { bundleSizes, type Size } from './sizes.ts';
import { stage } from './stage.ts';

export const buildFolder = join(projectRoot, 'build');

export interface Built {
  /** The folder, ready to be packed, or to be run with `--extensionDevelopmentPath`. */
  folder: string;
  bundles: Bundles;
  sizes: readonly Size[];
}

/**
 * Builds into a folder of its own under `build/`. Its owner removes it.
 * @throws {VersionMismatchError}; esbuild's BuildFailure where the source does not hold together
 */
export async function buildInto(): Promise<Built> {
  await mkdir(buildFolder, { recursive: true });
  const folder = await mkdtemp(join(buildFolder, '.extension-'));
  // Made private by mkdtemp; what is built is for everybody.
  await chmod(folder, 0o755);
  try {
    const bundles = await bundle(folder);
    await stage(folder);
    return { folder, bundles, sizes: await bundleSizes(bundles) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Builds `build/extension`; what was there gives way only to a build that is whole. */
export async function buildExtension(): Promise<Built> {
  const built = await buildInto();
  const target = join(buildFolder, 'extension');
  if (existsSync(target)) await rm(target, { recursive: true, force: true });
  await rename(built.folder, target);
  return { ...built, folder: target };
}
