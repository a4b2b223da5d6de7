/** What esbuild makes of the source: the extension host's file, one file per panel, and the agent server with its processes. */
import { glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { entryPoints } from '../../server/programFiles.ts';
import { projectRoot } from '../setup/environment.ts';
import { clientPartOfWs, withoutUnusedParts } from './unusedParts.ts';

/** Metafiles say, per output, what went in and how large it is: the size limits are held against them. */
export interface Bundles {
  host: Metafile;
  webviews: Metafile;
  server: Metafile;
}

const shared = {
  absWorkingDir: projectRoot,
  bundle: true,
  metafile: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

/** @returns esbuild's entry points: every `webview/<panel>/main.ts` becomes `<panel>` */
async function panels(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const file of glob('webview/*/main.ts', { cwd: projectRoot })) {
    const panel = dirname(file).split('/').at(-1);
    if (panel !== undefined) found[panel] = file;
  }
  return found;
}

/** One CommonJS file for the extension host; everything but `vscode` is inside. */
async function bundleHost(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...shared,
    entryPoints: { extension: 'extension/src/extension.ts' },
    outdir: join(folder, 'dist'),
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['vscode'],
    minify: true,
    plugins: [withoutUnusedParts, clientPartOfWs],
  });
  return metafile;
}

/** `dist/webview/`: an ES module for each panel, and chunks for what several of them import. Imported CSS is text, for adopted style sheets. */
async function bundleWebviews(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...shared,
    entryPoints: await panels(),
    outdir: join(folder, 'dist', 'webview'),
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    splitting: true,
    minify: true,
    loader: { '.css': 'text', '.svg': 'text' },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return metafile;
}

/**
 * ES modules for Node, every one of them in `server/` (server/programFiles.ts counts on it). Names of functions stay, so that
 * a stack trace in a log says something.
 */
async function bundleServer(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...shared,
    entryPoints: Object.fromEntries(Object.entries(entryPoints)),
    outdir: join(folder, 'server'),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    splitting: true,
    minifyWhitespace: true,
    minifySyntax: true,
    // Packages in CommonJS ask for Node's own modules with require, which an ES module does not have.
    banner: {
      js: [
        "import { createRequire as createNodeRequire } from 'node:module';",
        'const require = createNodeRequire(import.meta.url);',
        // Node has four threads for files; a run appends to many side by side (bin/aira2.js does the same).
        "process.env.UV_THREADPOOL_SIZE ??= '16';",
      ].join('\n'),
    },
  });
  return metafile;
}

/** @param folder where `dist/` and `server/` go */
export async function bundle(folder: string): Promise<Bundles> {
  const [host, webviews, server] = await Promise.all([
    bundleHost(folder),
    bundleWebviews(folder),
    bundleServer(folder),
  ]);
  return { host, webviews, server };
}
