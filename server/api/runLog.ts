/** A run's own log file: everything about it that is not for a person at a terminal. */
import pino, { type LevelWithSilentOrString, type Logger } from 'pino';

export interface FileLog {
  log: Logger;
  /** Writes what is left, and gives the file back. */
  close: () => void;
}

export function openRunLog(path: string, level: LevelWithSilentOrString): FileLog {
  const destination = pino.destination({ dest: path, append: true, sync: false });
  return { log: pino({ level }, destination), close: () => destination.end() };
}
