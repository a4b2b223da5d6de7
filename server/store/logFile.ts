/**
 * A log file for pino. It is written at once, so that the last words before an end are there; and a disk that is full costs the
 * lines that it does not take, not the process. (pino's own destination ends the process then, or waits at its end for ever.)
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { isDiskFull } from '../disk.ts';

export interface LogFile extends DestinationStream {
  /** Goes on in a new file of the same name: the one before it has been put aside. */
  reopen(): void;
  /** Writes that come later are dropped. Idempotent. */
  close(): void;
}

/** @throws if the file can be neither opened nor made */
export function openLogFile(path: string): LogFile {
  let file: number | null = openSync(path, 'a', 0o600);
  /** Lines that a full disk did not take; the first may stand there in part. */
  let missed = 0;
  return {
    write(line) {
      if (file === null) return;
      const about =
        missed === 0 ? '' : `\n${JSON.stringify({ level: 40, time: Date.now(), missed, msg: missedWords })}\n`;
      try {
        const bytes = Buffer.from(about + line);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        missed = 0;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        missed += 1;
      }
    },
    reopen() {
      if (file === null) return;
      closeSync(file);
      file = openSync(path, 'a', 0o600);
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

const missedWords = 'lines are missing here: the disk was full';
