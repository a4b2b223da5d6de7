/** How large the pieces may be, and how large they are. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { projectRoot } from '../setup/environment.ts';

const kib = 1024;

/** Bytes. A panel counts with all that it can load, compressed; the others as they lie on the disk. */
export const sizeLimits = { host: 400 * kib, panel: 150 * kib, package: 3 * kib * kib } as const;

export interface Size {
  what: string;
  bytes: number;
  limit: number;
}

/** A file of an output and every file that it can import, at once or later. */
function reachable(metafile: Metafile, output: string, seen = new Set<string>()): Set<string> {
  if (seen.has(output)) return seen;
  const entry = metafile.outputs[output];
  if (entry === undefined) return seen;
  seen.add(output);
  for (const { path } of entry.imports) reachable(metafile, path, seen);
  return seen;
}

async function compressedBytes(files: Iterable<string>): Promise<number> {
  let sum = 0;
  for (const file of files) sum += gzipSync(await readFile(join(projectRoot, file)), { level: 9 }).byteLength;
  return sum;
}

/** The host's file, and each panel with everything that it loads. */
export async function bundleSizes({ host, webviews }: { host: Metafile; webviews: Metafile }): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const { bytes, entryPoint } of Object.values(host.outputs))
    if (entryPoint !== undefined) sizes.push({ what: 'extension host', bytes, limit: sizeLimits.host });
  for (const [output, { entryPoint }] of Object.entries(webviews.outputs)) {
    if (entryPoint === undefined || !entryPoint.endsWith('/main.ts')) continue;
    const bytes = await compressedBytes(reachable(webviews, output));
    sizes.push({ what: `${entryPoint.replace('/main.ts', '')}, compressed`, bytes, limit: sizeLimits.panel });
  }
  return sizes;
}

/** E.g. `extension host: 213 KiB of 400`. */
export function sizeLine({ what, bytes, limit }: Size): string {
  return `${what}: ${Math.ceil(bytes / kib).toLocaleString('en')} KiB of ${limit / kib}`;
}

/** Something has grown over its limit. The message says what, and where to look. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(sizes: readonly Size[]) {
    super(`${sizes.map(sizeLine).join('; ')}. What is in it: npm run build -- --explain`);
  }
}

/** @throws {TooLargeError} naming everything over its limit */
export function assertSizes(sizes: readonly Size[]): void {
  const over = sizes.filter(({ bytes, limit }) => bytes > limit);
  if (over.length > 0) throw new TooLargeError(over);
}
