/** Packages of the operating system: installed where we may (root on a system with apt), asked for elsewhere. */
import { existsSync } from 'node:fs';
import { runQuietly, type Say, SetupError } from './step.ts';

const aptDeadlineS = 600;
let indexIsFresh = false;

/** True if packages can be installed without asking anybody. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** What a person would type to install a package, by the package manager that is here. */
export function installCommand(name: string): string {
  if (existsSync('/usr/bin/apt-get')) return `sudo apt-get update && sudo apt-get install -y ${name}`;
  if (existsSync('/usr/bin/dnf')) return `sudo dnf install -y ${name}`;
  if (existsSync('/usr/bin/pacman')) return `sudo pacman -S ${name}`;
  if (existsSync('/usr/bin/zypper')) return `sudo zypper install ${name}`;
  if (existsSync('/sbin/apk')) return `sudo apk add ${name}`;
  return `install the package ${name} of your system`;
}

/**
 * Installs packages with apt-get.
 * @param patienceS seconds that fetching them may take: only that is given up, never an installation half-way
 * @throws {SetupError} if apt-get does not succeed, with what it said
 */
export async function installSystemPackages(
  names: readonly string[],
  say: Say,
  patienceS = aptDeadlineS,
): Promise<void> {
  const list = names.join(', ');
  say(`system packages: installing ${list} with apt-get`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  if (!indexIsFresh) {
    const update = await runQuietly('apt-get', ['update', '-q'], patienceS, { environment });
    if (!update.ok) throw new SetupError('system packages', `apt-get update failed:\n${update.output}`);
    indexIsFresh = true;
  }
  const words = ['install', '-q', '-y', '--no-install-recommends'];
  for (const [step, deadlineS] of [
    [['--download-only'], patienceS],
    [[], aptDeadlineS],
  ] as const) {
    const outcome = await runQuietly('apt-get', [...words, ...step, ...names], deadlineS, { environment });
    if (!outcome.ok) throw new SetupError('system packages', `apt-get could not install ${list}:\n${outcome.output}`);
  }
}
