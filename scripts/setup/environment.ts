/** All that the project needs from the machine beyond node packages, in one idempotent call. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureVenv } from '../../server/setup/python.ts';
import type { Say } from '../../server/setup/step.ts';
import { ensureBubblewrap } from './bubblewrap.ts';

/** The project's folder. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Environment {
  /** Virtual environment with the pinned packages, and its interpreter. */
  venv: string;
  python: string;
  /** The Node that runs the project. */
  node: string;
  bwrap: string;
}

/**
 * Installs what is missing, leaves alone what is there, and says each in one line.
 * @throws {SetupError} if something is missing that it may not or cannot install
 */
export async function ensureEnvironment(say: Say = (line) => console.log(`· ${line}`)): Promise<Environment> {
  const bwrap = await ensureBubblewrap(say);
  const venv = join(projectRoot, '.venv');
  const python = await ensureVenv(venv, join(projectRoot, 'requirements.txt'), say);
  return { venv, python, node: process.execPath, bwrap };
}
