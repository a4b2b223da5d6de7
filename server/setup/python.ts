/** Finds a Python that can host the project, and keeps its virtual environment as requirements.txt pins it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { which } from './executables.ts';
import { runQuietly, type Say, SetupError } from './step.ts';
import { installCommand, installSystemPackages, mayInstall } from './systemPackages.ts';

const minimum = { major: 3, minor: 11 };
const named = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14'];

/** What a Python says of itself. `hasVenv`: `python -m venv` will work (Debian ships it apart). */
const Interpreter = z.object({ executable: z.string(), major: z.int(), minor: z.int(), hasVenv: z.boolean() });
type Interpreter = z.infer<typeof Interpreter>;

const selfDescription = `
import importlib.util, json, sys
has = all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))
print(json.dumps(dict(executable=sys.executable, major=sys.version_info[0], minor=sys.version_info[1], hasVenv=has)))
`;

/** Asks a Python what it is; null if it does not run or says something else. */
async function ask(python: string): Promise<Interpreter | null> {
  const outcome = await runQuietly(python, ['-I', '-c', selfDescription], 60);
  const lastLine = outcome.output.split('\n').at(-1) ?? '';
  if (!outcome.ok || !lastLine.startsWith('{')) return null;
  const parsed = Interpreter.safeParse(JSON.parse(lastLine));
  return parsed.success ? parsed.data : null;
}

function isNewEnough({ major, minor }: Interpreter): boolean {
  return major === minimum.major && minor >= minimum.minor;
}

/** Pythons of this machine that are new enough, those that can make virtual environments first. */
async function candidates(): Promise<Interpreter[]> {
  const paths = [...named.map((name) => which(name)), '/usr/bin/python3', '/usr/local/bin/python3'];
  const found: Interpreter[] = [];
  for (const path of new Set(paths.filter((path) => path !== null))) {
    if (!existsSync(path)) continue;
    const interpreter = await ask(path);
    if (interpreter === null || !isNewEnough(interpreter)) continue;
    if (!found.some((other) => other.executable === interpreter.executable)) found.push(interpreter);
    if (interpreter.hasVenv) break;
  }
  return found.sort((a, b) => Number(b.hasVenv) - Number(a.hasVenv));
}

/**
 * A Python that can make virtual environments, with system packages installed for that where we may.
 * @throws {SetupError} if there is none, saying what to install
 */
async function findPython(say: Say): Promise<string> {
  let [best] = await candidates();
  if (best?.hasVenv !== true && mayInstall()) {
    await installSystemPackages(['python3', 'python3-venv'], say);
    [best] = await candidates();
  }
  if (best === undefined)
    throw new SetupError(
      'python',
      `none of ${named.join(', ')} is Python ${minimum.major}.${minimum.minor} or newer. Run: ${installCommand('python3')}`,
    );
  if (!best.hasVenv)
    throw new SetupError(
      'python',
      `${best.executable} cannot make virtual environments. Run: ${installCommand('python3-venv')}`,
    );
  return best.executable;
}

/** The packages worth naming in a line about the installation, from requirements.txt. */
function principal(requirements: string): string {
  const wanted = ['numpy', 'pandas', 'scikit-learn', 'scipy', 'ipykernel', 'jupyter_client'];
  return wanted.filter((name) => new RegExp(`^${name}==`, 'm').test(requirements)).join(', ');
}

/** Stands in an environment while it is being made: what was cut off is not taken for one that is ready. */
const unfinished = '.unfinished';

/** What is replaced is a virtual environment, or nothing. @throws {SetupError} */
async function refuseOthers(venv: string): Promise<void> {
  if (!existsSync(venv)) return;
  const names = await readdir(venv);
  if (names.length === 0 || names.includes('pyvenv.cfg') || names.includes(unfinished)) return;
  throw new SetupError(
    'venv',
    `${venv} holds something else than a virtual environment. Name another folder, or empty it.`,
  );
}

/** Whether a virtual environment is there, and is not one whose making was cut off. */
export function isWholeVenv(venv: string): boolean {
  return existsSync(join(venv, 'bin', 'python')) && !existsSync(join(venv, unfinished));
}

/**
 * Makes `venv` hold exactly what `requirementsFile` pins: creates it, or mends it, or leaves it as it is.
 * @param signal calls it off: what is there then is no environment yet, and is mended the next time
 * @returns the path of its Python
 * @throws {SetupError} if Python or the packages cannot be had
 */
export async function ensureVenv(
  venv: string,
  requirementsFile: string,
  say: Say,
  signal?: AbortSignal,
): Promise<string> {
  const requirements = await readFile(requirementsFile, 'utf8');
  const python = join(venv, 'bin', 'python');
  const stampFile = join(venv, '.requirements.sha256');
  const present = existsSync(python) ? await ask(python) : null;
  const usable = present?.hasVenv === true && isNewEnough(present);
  const stamp = createHash('sha256')
    .update(`${requirements}\n${usable ? `${present.major}.${present.minor}` : ''}`)
    .digest('hex');
  if (usable && isWholeVenv(venv) && existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === stamp) {
    say('venv: up to date');
    return python;
  }
  if (!usable) {
    const base = await findPython(say);
    say(`venv: creating ${venv} with ${base}`);
    await refuseOthers(venv);
    await rm(venv, { recursive: true, force: true });
    await mkdir(venv, { recursive: true });
    await writeFile(join(venv, unfinished), '');
    const made = await runQuietly(base, ['-m', 'venv', venv], 300, { signal });
    signal?.throwIfAborted();
    if (!made.ok) throw new SetupError('venv', `${base} could not make it:\n${made.output}`);
  }
  say(`venv: installing ${principal(requirements)} and what they need (about 200 MB)`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', requirementsFile];
  await writeFile(join(venv, unfinished), '');
  const installed = await runQuietly(python, pip, 1800, { signal });
  signal?.throwIfAborted();
  if (!installed.ok)
    throw new SetupError(
      'venv',
      `pip could not install requirements.txt:\n${installed.output}\nCheck the network and try again.`,
    );
  const sound = await runQuietly(
    python,
    ['-c', 'import numpy, pandas, sklearn, scipy, ipykernel, jupyter_client'],
    300,
  );
  if (!sound.ok)
    throw new SetupError('venv', `its packages do not import:\n${sound.output}\nDelete ${venv} and try again.`);
  const made = await ask(python);
  if (made === null) throw new SetupError('venv', `${python} does not run. Delete ${venv} and try again.`);
  const finalStamp = createHash('sha256').update(`${requirements}\n${made.major}.${made.minor}`).digest('hex');
  await writeFile(stampFile, finalStamp);
  await rm(join(venv, unfinished));
  return python;
}
