/** Hosts that the person's ssh knows by name. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What may be handed to ssh as a host: never something that it could take for an option. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9_][\w.@:%-]{0,250}$/.test(text);
}

/** Names of `Host` lines without patterns; empty where there is no such file. @param given empty: `~/.ssh/config` */
export async function sshConfigHosts(given: string): Promise<string[]> {
  const file = given === '' ? join(homedir(), '.ssh', 'config') : given;
  try {
    return hostsOf(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return [];
    throw error;
  }
}

export function hostsOf(config: string): string[] {
  const hosts = new Set<string>();
  for (const line of config.split('\n')) {
    const names = /^\s*host\s*[\s=]\s*(.+?)\s*$/i.exec(line)?.[1];
    for (const name of names?.split(/\s+/) ?? []) {
      const plain = name.replaceAll('"', '');
      if (isHostName(plain)) hosts.add(plain);
    }
  }
  return [...hosts];
}
