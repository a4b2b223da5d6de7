/** Paths of candidates' programs: `/<run>/candidate-<n>/<path>`. */
import type { ProgramEntry } from '../../../protocol/clientViews.ts';
import { CandidateId, RunId } from '../../../protocol/run.ts';
import { isCleanPath } from '../../../protocol/worker.ts';

export interface ProgramPlace {
  run: RunId;
  candidate: CandidateId;
  /** Within the program; empty for its folder. */
  path: string;
}

export function parsePlace(run: string, folder: string, path: string): ProgramPlace | null {
  const number = /^candidate-([1-9]\d{0,8})$/.exec(folder)?.[1];
  if (!RunId.safeParse(run).success || number === undefined || (path !== '' && !isCleanPath(path))) return null;
  return { run, candidate: CandidateId.parse(Number(number)), path };
}

/** What lies directly in a folder of a program. */
export function childrenOf(entries: readonly ProgramEntry[], folder: string): { name: string; isFolder: boolean }[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const children = new Map<string, boolean>();
  for (const { path } of entries) {
    if (!path.startsWith(prefix)) continue;
    const [name, ...rest] = path.slice(prefix.length).split('/');
    if (name !== undefined && name !== '') children.set(name, rest.length > 0);
  }
  return [...children].map(([name, isFolder]) => ({ name, isFolder }));
}

/** The file that a reader wants to see first. */
export function mainFile(entries: readonly ProgramEntry[]): string | null {
  const paths = entries.map(({ path }) => path);
  for (const wanted of ['solution.py', 'main.py']) if (paths.includes(wanted)) return wanted;
  return paths.filter((path) => path.endsWith('.py')).sort((a, b) => a.length - b.length)[0] ?? paths[0] ?? null;
}
