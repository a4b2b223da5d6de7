/** Data that integration tests share: the built-in tasks, prepared once and kept between runs. */
import { resolve } from 'node:path';
import type { Say } from '../../server/setup/step.ts';
import { builtinTaskIds } from '../../server/tasks/catalog.ts';
import { prepareTask } from '../../server/tasks/prepare.ts';
import { type Environment, projectRoot } from '../setup/environment.ts';

/** AIRA2_TEST_HOME, else a folder in the project that git ignores. Tests find it in the same variable. */
export function testHome(): string {
  const home = resolve(process.env.AIRA2_TEST_HOME ?? `${projectRoot}/.aira2-test`);
  process.env.AIRA2_TEST_HOME = home;
  return home;
}

/**
 * Prepares every built-in task under `home`; what is prepared already is left as it is.
 * @throws {TaskError} if a task cannot be prepared
 */
export async function prepareBuiltinTasks(home: string, { python }: Environment, say: Say): Promise<void> {
  for (const id of builtinTaskIds()) await prepareTask({ home, reference: id, python, log: (line) => say(line) });
}
