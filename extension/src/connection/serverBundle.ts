/**
 * The agent server that comes with the extension. It is copied out before it is started: an update of the extension removes
 * the folder that a daemon, and the workers it starts, would still read from.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** What of the extension's folder is the server. */
export const serverParts = ['server', 'tasks', 'requirements.txt', 'build.json'] as const;

const BuildStamp = z.object({
  version: z.string(),
  id: z.string().regex(/^[\w.-]{4,64}$/),
  /** Milliseconds since the epoch; absent: when it was put here. */
  builtAt: z.number().optional(),
});
export type BuildStamp = z.infer<typeof BuildStamp>;

/** Copies of older builds are kept for so long after their last start: a worker may still read from them. */
const keptMs = 30 * 24 * 3_600_000;

/** The extension's folder holds no server: it was not built. */
export class NoServerBundleError extends Error {
  override readonly name = 'NoServerBundleError';

  constructor(folder: string, cause: unknown) {
    super(`${folder} holds no agent server. Install the extension from its package, or build it with: npm run build`, {
      cause,
    });
  }
}

/** @throws {NoServerBundleError} */
export async function readBuildStamp(folder: string): Promise<BuildStamp> {
  try {
    return BuildStamp.parse(JSON.parse(await readFile(join(folder, 'build.json'), 'utf8')));
  } catch (error) {
    throw new NoServerBundleError(folder, error);
  }
}

export interface Build {
  name: string;
  /** Orders builds, as `ServerInfo.buildTime` does. */
  time: number;
}

/** What this extension brings; before it is built, its version alone, which is older than any build. */
export function buildOf(extensionFolder: string, version: string): Build {
  const file = join(extensionFolder, 'build.json');
  if (!existsSync(file)) return { name: `${version}+source`, time: 0 };
  const stamp = BuildStamp.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { name: buildName(stamp), time: stamp.builtAt ?? statSync(file).mtimeMs };
}

/** `0.1.0+9f86d081884c7d65` */
export function buildName({ version, id }: BuildStamp): string {
  return `${version}+${id}`;
}

/**
 * Puts the server into `<directory>/<build id>`, once: several windows at the same moment end up with one whole copy.
 * @returns the folder
 * @throws {NoServerBundleError}; the file system's errors
 */
export async function installServer(extensionFolder: string, directory: string): Promise<string> {
  const { id } = await readBuildStamp(extensionFolder);
  const target = join(directory, id);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!(await isWhole(target, id))) await copyInto(extensionFolder, target, id);
  const now = new Date();
  await utimes(target, now, now);
  await removeOld(directory, id, now.getTime());
  return target;
}

async function isWhole(folder: string, id: string): Promise<boolean> {
  try {
    return (await readBuildStamp(folder)).id === id;
  } catch (error) {
    if (error instanceof NoServerBundleError) return false;
    throw error;
  }
}

/** Whole or not at all: copied beside, then renamed. */
async function copyInto(extensionFolder: string, target: string, id: string): Promise<void> {
  const beside = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(beside, { mode: 0o700 });
    for (const part of serverParts) await cp(join(extensionFolder, part), join(beside, part), { recursive: true });
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    // Another window was faster.
    if (!(await isWhole(target, id))) throw error;
  }
}

async function removeOld(directory: string, id: string, now: number): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === id) continue;
    const folder = join(directory, entry.name);
    const isOurs = await isWhole(folder, entry.name.split('.')[0] ?? '');
    if (isOurs && (await stat(folder)).mtimeMs < now - keptMs) await rm(folder, { recursive: true, force: true });
  }
}
