/** A run's own log file: everything about it that is not for a person at a terminal. */
import pino, { type LevelWithSilentOrString, type Logger } from 'pino';
import { openLogFile } from '../store/logFile.ts';

export interface FileLog {
  log: Logger;
  /** Gives the file back. */
  close: () => void;
}

export function openRunLog(path: string, level: LevelWithSilentOrString): FileLog {
  const file = openLogFile(path);
  return { log: pino({ level }, file), close: () => file.close() };
}
