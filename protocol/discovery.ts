/**
 * Where agent servers are found: `<home>/server/<host name>.json`, one for each user, machine and home. The file holds a
 * token: whoever can read it can steer runs. It is believed only where nobody but this user could have written it.
 */
import { lstat, readFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Discovery } from './client.ts';
import { hasCode } from './thrown.ts';

/** `given`, else `AIRA2_HOME`, else `~/.aira2`: where tasks, runs and the server's own files are. */
export function homeDirectory(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(given ?? environment.AIRA2_HOME ?? join(homedir(), '.aira2'));
}

/** The agent server's own files in a home. A home that several machines share has a set of them for each. */
export function serverPaths(home: string, host: string = hostname()) {
  const directory = join(home, 'server');
  const name = host.replaceAll(/[^\w.-]/g, '_');
  return {
    directory,
    discovery: join(directory, `${name}.json`),
    /** Where its socket is. */
    state: join(directory, name),
    /** Held from the first moment of a server to its last. */
    lock: join(directory, `${name}.lock`),
    /** What a server says; `.1` is what it said before. */
    log: join(directory, `${name}.log`),
    /** What a server prints before it has a log, or when it dies of what nobody foresaw. */
    output: join(directory, `${name}.out.log`),
    /** Runs that it hosts: the next server takes them up. */
    hosted: join(directory, `${name}.runs.json`),
  };
}
export type ServerPaths = ReturnType<typeof serverPaths>;

/** Somebody else could have written the file, or it is not what this version writes. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path} cannot be trusted: ${problem}. Remove it, or its folder, if no agent server of yours uses it.`);
    this.path = path;
  }
}

/** @returns null if there is none. @throws {DiscoveryError} if it is not this user's alone, or cannot be understood */
export async function readDiscovery(path: string): Promise<Discovery | null> {
  let text: string;
  try {
    await requireOwn(dirname(path));
    await requireOwn(path);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  const parsed = Discovery.safeParse(jsonOrNull(text));
  if (!parsed.success) throw new DiscoveryError(path, 'it does not say where a server listens');
  return parsed.data;
}

async function requireOwn(path: string): Promise<void> {
  const { uid, mode } = await lstat(path);
  if (process.getuid === undefined) return;
  if (uid !== process.getuid()) throw new DiscoveryError(path, 'it belongs to another user');
  if ((mode & 0o077) !== 0) throw new DiscoveryError(path, 'others may read or write it');
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
