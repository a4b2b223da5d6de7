/** The file by which clients find this server. It is there only while somebody listens, and only its owner can read it. */
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import type { Discovery } from '../../protocol/client.ts';
import { readDiscovery, type ServerPaths } from '../../protocol/discovery.ts';
import { RefusedError } from '../api/refusal.ts';
import { writeDurably } from '../store/durableFile.ts';

/** Makes the server's folder this user's alone. @throws {RefusedError} if it belongs to somebody else */
export async function claimServerFolder({ directory }: Pick<ServerPaths, 'directory'>): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid()))
    throw new RefusedError(
      'environment',
      `${directory} is not a folder of this user: remove it, or choose another home with --home or AIRA2_HOME.`,
    );
  await chmod(directory, 0o700);
}

export async function publish({ discovery }: Pick<ServerPaths, 'discovery'>, what: Discovery): Promise<void> {
  await writeDurably(discovery, `${JSON.stringify(what)}\n`, 0o600);
}

/** Takes back what `publish` wrote; another server's is left alone. */
export async function withdraw({ discovery }: Pick<ServerPaths, 'discovery'>, token: string): Promise<void> {
  const present = await readDiscovery(discovery).catch(() => null);
  if (present?.token === token) await rm(discovery, { force: true });
}
