/** Hosts that the person's ssh knows by name. */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** What may be handed to ssh as a host: never something that it could take for an option. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9_][\w.@:%-]{0,250}$/.test(text);
}

/** As deep as ssh itself goes, and far more files than anybody has. */
const deepest = 16;
const mostFiles = 200;

/**
 * Names of `Host` lines without patterns, of the configuration and of what it includes; empty where there is none.
 * @param given empty: `~/.ssh/config`
 */
export async function sshConfigHosts(given: string): Promise<string[]> {
  const folder = join(homedir(), '.ssh');
  const hosts = new Set<string>();
  const seen = new Set<string>();
  const read = async (file: string, depth: number): Promise<void> => {
    if (seen.has(file) || seen.size >= mostFiles) return;
    seen.add(file);
    const text = await orNothing(readFile(file, 'utf8'), '');
    for (const host of hostsOf(text)) hosts.add(host);
    if (depth === deepest) return;
    for (const pattern of includesOf(text))
      for (const included of await matching(resolve(folder, withHome(pattern)))) await read(included, depth + 1);
  };
  await read(given === '' ? join(folder, 'config') : given, 0);
  return [...hosts];
}

export function hostsOf(config: string): string[] {
  return [...new Set(wordsAfter('host', config).filter(isHostName))];
}

/** Files that it includes, as they are written: with `~`, `*` and `?`. */
export function includesOf(config: string): string[] {
  return wordsAfter('include', config);
}

function wordsAfter(keyword: string, config: string): string[] {
  const rest = new RegExp(`^\\s*${keyword}\\s*[\\s=]\\s*(.+?)\\s*$`, 'i');
  return config.split('\n').flatMap((line) => {
    const words = rest.exec(line)?.[1]?.match(/"[^"]*"|\S+/g) ?? [];
    return words.map((word) => word.replaceAll('"', ''));
  });
}

function withHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}

/** Wildcards are understood in a file's name, not in its folder's. */
async function matching(pattern: string): Promise<string[]> {
  const name = basename(pattern);
  if (!/[*?]/.test(name)) return [pattern];
  const isMeant = new RegExp(
    `^${name
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  const names = await orNothing(readdir(dirname(pattern)), []);
  return names
    .filter((one) => isMeant.test(one) && !one.startsWith('.'))
    .sort()
    .map((one) => join(dirname(pattern), one));
}

/** A file that is not there, or not for us, has no hosts in it. */
async function orNothing<T>(reading: Promise<T>, nothing: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (['ENOENT', 'EACCES', 'ENOTDIR', 'EISDIR'].includes(String(code))) return nothing;
    throw error;
  }
}
