/** What the command line needs of this machine, and how it names a run. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pino, { type LevelWithSilent, type Logger } from 'pino';
import { homeDirectory } from '../../protocol/discovery.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { programRoot } from '../programFiles.ts';
import { listRunIds, RunNotFoundError } from '../store/runStore.ts';
import { loadPreparedTask } from '../tasks/catalog.ts';
import { TaskNotFoundError, TaskNotPreparedError } from '../tasks/errors.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';
import { CliError, exitCodes } from './exitCodes.ts';
import type { CommonOptions } from './options.ts';

/** @throws {CliError} if it is, or lies below, something that is no folder */
export function homeOf(options: CommonOptions): string {
  const home = homeDirectory(options.home);
  for (let path = home; path !== dirname(path); path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (!found.isDirectory())
      throw new CliError(
        exitCodes.badInput,
        `${home} cannot hold tasks and runs: ${path} is no folder. Choose another with --home or AIRA2_HOME.`,
      );
    break;
  }
  return home;
}

/** `AIRA2_VENV`, else `.venv` beside the program. @throws {CliError} with the command that makes it */
export function virtualEnvironment(): string {
  const venv = process.env.AIRA2_VENV ?? join(programRoot, '.venv');
  if (!existsSync(join(venv, 'bin', 'python')))
    throw new CliError(exitCodes.environment, `There is no Python environment at ${venv}. Make it with: npm run setup`);
  return venv;
}

export const pythonOf = (venv: string) => join(venv, 'bin', 'python');

/**
 * The run that a person means: its id, `last`, or any part of an id that names one run only.
 * @throws {RunNotFoundError} {CliError} if the part fits several
 */
export async function resolveRun(home: string, text: string): Promise<string> {
  const ids = await listRunIds(home);
  if (ids.includes(text)) return text;
  const last = ids.at(-1);
  if (text === 'last' && last !== undefined) return last;
  const matching = ids.filter((id) => id.includes(text));
  const [only, ...others] = matching;
  if (only === undefined) throw new RunNotFoundError(text, ids);
  if (others.length > 0)
    throw new CliError(
      exitCodes.badInput,
      `"${text}" fits ${matching.length} runs: ${matching.slice(0, 5).join(', ')}. Give more of the id.`,
    );
  return only;
}

/** The task that a run is of, as prepared in this home. @throws {CliError} with the command that prepares it */
export function taskOfRun(home: string, { id, config }: Pick<RunSummary, 'id' | 'config'>): PreparedTask {
  const name = `${config.task}@${config.taskVersion}`;
  try {
    return loadPreparedTask(home, name);
  } catch (error) {
    if (!(error instanceof TaskNotFoundError || error instanceof TaskNotPreparedError)) throw error;
    throw new CliError(
      exitCodes.notFound,
      `Run ${id} is of task ${name}, which is not prepared in ${home}. Prepare it again: aira2 task prepare ${config.task} (or the path of its manifest)`,
    );
  }
}

/** `AIRA2_LOG_LEVEL`, or `info`. @throws {CliError} with the levels there are */
export function logLevel(): LevelWithSilent {
  const given = process.env.AIRA2_LOG_LEVEL ?? 'info';
  const levels: LevelWithSilent[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
  const level = levels.find((one) => one === given);
  if (level === undefined)
    throw new CliError(exitCodes.badInput, `AIRA2_LOG_LEVEL is "${given}"; it can be ${levels.join(', ')}.`);
  return level;
}

/** The server's log file: everything that is not for a person at the terminal. */
export function fileLogger(path: string, level: LevelWithSilent): Logger {
  return pino({ level }, pino.destination({ dest: path, append: true, sync: false }));
}
