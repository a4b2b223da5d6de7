/**
 * Where the program's own files are: the Python and shell parts, the built-in tasks, its other entry points. The program runs
 * from its source, or as JavaScript in a folder of the same layout that `npm run build` makes (each script of it is
 * `server/<name>.mjs`, so that this file's way up to the root is the same in both).
 */
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);

/** True where the program runs as it was built; false from its source. */
export const isBuilt = import.meta.url.endsWith('.mjs');

/** The folder that holds the whole program. */
export const programRoot = fileURLToPath(root);

/** Entry points by name: what is started as a process of its own. A new one belongs here; the build reads the list. */
export const entryPoints = {
  aira2: 'server/cli/main.ts',
  worker: 'server/worker/main.ts',
} as const;

/** @param path from the program's folder, e.g. `server/worker/sandbox/init.sh` */
export function programFile(path: string): string {
  return fileURLToPath(new URL(path, root));
}

/** The script to start with this Node (`process.execPath`). */
export function programEntry(name: keyof typeof entryPoints): string {
  return programFile(isBuilt ? `server/${name}.mjs` : entryPoints[name]);
}
