/** The virtual environment that scorer and sandboxes run on. */
import { join } from 'node:path';
import { isBuilt, programRoot } from '../programFiles.ts';
import { isWholeVenv } from '../setup/python.ts';
import { RefusedError } from './refusal.ts';

export const pythonOf = (venv: string) => join(venv, 'bin', 'python');

/** The way from where this program was installed. */
export const howToSetUp = isBuilt ? 'the command “AIRA2: Set Up Python Environment” of VS Code' : 'npm run setup';

/** Where an environment is looked for: `AIRA2_VENV` alone if it is set, else beside the program, else in the home. */
export function environmentPlaces(home: string, environment: NodeJS.ProcessEnv = process.env): [string, ...string[]] {
  const { AIRA2_VENV: given } = environment;
  return given === undefined ? [join(programRoot, '.venv'), join(home, 'venv')] : [given];
}

/** @throws {RefusedError} `environment`, with the command that makes it */
export function virtualEnvironment(home: string, environment: NodeJS.ProcessEnv = process.env): string {
  const places = environmentPlaces(home, environment);
  const found = places.find(isWholeVenv);
  if (found === undefined)
    throw new RefusedError(
      'environment',
      `There is no Python environment at ${places.join(' or ')}. Make it with: ${howToSetUp}`,
    );
  return found;
}
