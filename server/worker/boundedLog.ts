/** The worker's log: JSON lines on standard error, which the launcher has put into a file that must stay bounded. */
import { copyFileSync, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { isDiskFull } from '../disk.ts';

const standardError = 2;

/**
 * A logger that writes synchronously, so that the last words before an exit are there. When the file has grown past
 * `maxBytes` it is copied to `<file>.1` and begun anew.
 * @param file what standard error has been redirected to; ignored when it is no regular file
 */
export function boundedLog(file: string, maxBytes = 4 * 1024 * 1024): Logger {
  const isFile = fstatSync(standardError).isFile();
  let written = isFile ? fstatSync(standardError).size : 0;
  return pino(
    { base: null },
    {
      write(line: string) {
        try {
          if (isFile && written > maxBytes) {
            copyFileSync(file, `${file}.1`);
            ftruncateSync(standardError);
            written = 0;
          }
          written += writeSync(standardError, line);
        } catch (error) {
          // A full disk must not end the worker over its log: drop the line, and what can be freed with it.
          if (isFile && isDiskFull(error)) {
            ftruncateSync(standardError);
            written = 0;
          }
        }
      },
    },
  );
}
