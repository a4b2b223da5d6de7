/** The `.vsix`: packed from a finished build by vsce, which looks at nothing else and needs no network. */
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { buildFolder, buildInto } from './extension.ts';
import { type Size, sizeLimits } from './sizes.ts';

export interface Package {
  /** The finished file. */
  path: string;
  sizes: readonly Size[];
  /** Paths in it, within the extension's folder. */
  files: readonly string[];
}

/** Something is in the package that would tie it to one platform. */
export class NativeModuleError extends Error {
  override readonly name = 'NativeModuleError';

  constructor(files: readonly string[]) {
    super(`The package runs on every platform and cannot hold native modules: ${files.join(', ')}.`);
  }
}

const Manifest = z.object({ name: z.string(), version: z.string() });

/**
 * Builds and packs.
 * @param folder where the file goes
 * @throws {NativeModuleError} {VersionMismatchError}; esbuild's and vsce's own errors
 */
export async function packageExtension(folder: string = buildFolder): Promise<Package> {
  // A second to load, which only packing is worth.
  const { createVSIX, listFiles, PackageManager } = await import('@vscode/vsce');
  const built = await buildInto();
  try {
    const files = (await listFiles({ cwd: built.folder, packageManager: PackageManager.None })).sort();
    const native = files.filter((file) => /\.(node|dll|so|dylib|exe)$/.test(file));
    if (native.length > 0) throw new NativeModuleError(native);
    const { name, version } = Manifest.parse(JSON.parse(await readFile(join(built.folder, 'package.json'), 'utf8')));
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${name}-${version}.vsix`);
    const unfinished = `${built.folder}.vsix`;
    await createVSIX({
      cwd: built.folder,
      packagePath: unfinished,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
    const { size } = await stat(unfinished);
    await rename(unfinished, path);
    return { path, sizes: [...built.sizes, { what: 'package', bytes: size, limit: sizeLimits.package }], files };
  } finally {
    await rm(built.folder, { recursive: true, force: true });
    await rm(`${built.folder}.vsix`, { force: true });
  }
}
