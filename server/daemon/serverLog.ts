/** The server's log: one file and the one before it, each of bounded size. */
import { existsSync, renameSync, statSync } from 'node:fs';
import pino, { type LevelWithSilent, type Logger } from 'pino';

const maxBytes = 8 * 1024 * 1024;
const lookEveryMs = 30_000;

export interface ServerLog {
  log: Logger;
  /** Writes what is left. */
  close: () => void;
}

export function openServerLog(path: string, level: LevelWithSilent): ServerLog {
  turnOver(path);
  const destination = pino.destination({ dest: path, append: true, sync: true, mode: 0o600 });
  const timer = setInterval(() => {
    if (turnOver(path)) destination.reopen();
  }, lookEveryMs);
  timer.unref();
  return {
    log: pino({ level }, destination),
    close: () => {
      clearInterval(timer);
      destination.end();
    },
  };
}

/** @returns whether the file was put aside */
function turnOver(path: string): boolean {
  if (!existsSync(path) || statSync(path).size < maxBytes) return false;
  renameSync(path, `${path}.1`);
  return true;
}
