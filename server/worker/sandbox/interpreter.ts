/** Where a virtual environment's Python really lives: those folders must be seen at their own paths for it to start. */
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** There is no usable virtual environment at this path. */
export class VenvError extends Error {
  override readonly name = 'VenvError';
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path} is no virtual environment of Python: ${problem}. Make it with \`python3 -m venv ${path}\`.`);
    this.path = path;
  }
}

function inside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !way.startsWith('/'));
}

/**
 * Folders outside `venv` (and outside `known`) that its interpreter needs: base prefixes by every name they are reached
 * by, links included. Deduplicated; none lies in another.
 */
export function interpreterPrefixes(venv: string, known: readonly string[] = ['/usr']): string[] {
  const config = join(venv, 'pyvenv.cfg');
  if (!existsSync(config)) throw new VenvError(venv, 'it has no pyvenv.cfg');
  const wanted = new Set<string>();
  const home = /^home\s*=\s*(.+?)\s*$/m.exec(readFileSync(config, 'utf8'))?.[1];
  if (home !== undefined) wanted.add(dirname(home));
  let hop = join(venv, 'bin', 'python');
  for (let count = 0; count < 16; count += 1) {
    try {
      if (!lstatSync(hop).isSymbolicLink()) break;
    } catch {
      throw new VenvError(venv, `${hop} does not exist`);
    }
    hop = resolve(dirname(hop), readlinkSync(hop));
    if (!inside(hop, venv)) wanted.add(dirname(dirname(hop)));
  }
  for (const path of [...wanted]) if (existsSync(path)) wanted.add(realpathSync(path));
  const covered = [venv, ...known];
  const prefixes = [...wanted].filter(
    (path) => path !== '/' && existsSync(path) && !covered.some((folder) => inside(path, folder)),
  );
  return prefixes.filter((path) => !prefixes.some((other) => other !== path && inside(path, other))).sort();
}
