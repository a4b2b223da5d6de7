/** What the command line needs of this machine, and how it names a run. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import pino, { type LevelWithSilent, type Logger } from 'pino';
import { homeDirectory } from '../../protocol/discovery.ts';
import { openLogFile } from '../store/logFile.ts';
import { listRunIds, RunNotFoundError } from '../store/runStore.ts';
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
  return pino({ level }, openLogFile(path));
}
