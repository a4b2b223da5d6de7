/** Processes of this machine as /proc shows them: whose they are, and which are left when all should be gone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface FoundProcess {
  pid: number;
  parent: number;
  /** With the number, names a process for good. */
  startTime: string;
  state: string;
  command: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It has ended meanwhile, or is not ours to look at.
  }
}

/** Empty if the process has ended, or is another user's. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

export function processOf(pid: number): FoundProcess | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '?', parent = '0'] = fields;
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return { pid, parent: Number(parent), startTime: fields[19] ?? '', state, command };
}

/** All that live; what is dead and only waits for its parent is left out. */
export function livingProcesses(): FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? [])
    .filter(({ state }) => state !== 'Z' && state !== 'X');
}

export function isStillAlive({ pid, startTime }: Pick<FoundProcess, 'pid' | 'startTime'>): boolean {
  const now = processOf(pid);
  return now !== null && now.startTime === startTime && now.state !== 'Z' && now.state !== 'X';
}

/** Whether a process shows any of these folders: in its command, as where it stands, or in what its sandbox is made of. */
export function standsIn({ pid, command }: Pick<FoundProcess, 'pid' | 'command'>, folders: readonly string[]): boolean {
  if (folders.some((folder) => command.includes(folder))) return true;
  const directory = linkOf(`/proc/${pid}/cwd`);
  if (folders.some((folder) => directory.startsWith(folder))) return true;
  // A sandbox shows what lies in our folders (the fourth field) elsewhere. Who only sees that something is mounted there is none.
  const shown = read(`/proc/${pid}/mountinfo`)
    .split('\n')
    .map((line) => line.split(' ')[3] ?? '');
  const inTheirFileSystem = folders.map((folder) => folder.replace(/^\/[^/]+/, ''));
  return inTheirFileSystem.some((folder) => shown.some((root) => root.includes(folder)));
}

/** Remembers every descendant of some processes that it has ever seen, also of those that have lost their parents since. */
export class Census {
  readonly #seen = new Map<string, FoundProcess>();

  /** A process whose descendants count, and itself. */
  add(pid: number): void {
    const found = processOf(pid);
    if (found !== null) this.#seen.set(nameOf(found), found);
  }

  /** Looks once more. @returns those that live now */
  look(): FoundProcess[] {
    const living = livingProcesses();
    const ours = new Set(living.filter((one) => this.#seen.has(nameOf(one))).map(({ pid }) => pid));
    for (let grown = true; grown; ) {
      grown = false;
      for (const one of living) {
        if (ours.has(one.pid) || !ours.has(one.parent)) continue;
        ours.add(one.pid);
        grown = true;
      }
    }
    const found = living.filter(({ pid }) => ours.has(pid));
    // A process that has become another program by exec is still the same process.
    for (const one of found) this.#seen.set(nameOf(one), one);
    return found;
  }

  /** Every one that was ever seen. */
  all(): FoundProcess[] {
    return [...this.#seen.values()];
  }
}

const nameOf = ({ pid, startTime }: FoundProcess) => `${pid}@${startTime}`;
