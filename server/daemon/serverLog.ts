/** The server's log: one file and the one before it, each of bounded size. */
import { existsSync, renameSync, statSync } from 'node:fs';
import pino, { type LevelWithSilent, type Logger } from 'pino';
import { openLogFile } from '../store/logFile.ts';

const maxBytes = 8 * 1024 * 1024;
const lookEveryMs = 30_000;

export interface ServerLog {
  log: Logger;
  /** Gives the file back. */
  close: () => void;
}

export function openServerLog(path: string, level: LevelWithSilent): ServerLog {
  turnOver(path);
  const file = openLogFile(path);
  const timer = setInterval(() => {
    if (turnOver(path)) file.reopen();
  }, lookEveryMs);
  timer.unref();
  return {
    log: pino({ level }, file),
    close: () => {
      clearInterval(timer);
      file.close();
    },
  };
}

/** @returns whether the file was put aside */
function turnOver(path: string): boolean {
  if (!existsSync(path) || statSync(path).size < maxBytes) return false;
  renameSync(path, `${path}.1`);
  return true;
}
