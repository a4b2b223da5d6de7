/** Makes readable text of what programs write for terminals, and takes out what an interactive shell says on its own. */
import { stripVTControlCharacters } from 'node:util';

/** An interactive shell without a terminal says this when a child of it dies by a signal. */
const terminalNoise = /^(?:bash: )?\[\d+: \d+(?: \(\d+\))?\] tcsetattr: Inappropriate ioctl for device\r?\n/gm;

/** Only what was last written to a line: a progress bar writes the same one over and over. CRLF stays a line's end. */
function overwrite(text: string): string {
  if (!text.includes('\r')) return text;
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => {
      const pieces = line.split('\r');
      return pieces.findLast((piece) => piece !== '') ?? '';
    })
    .join('\n');
}

/** A range of process numbers: those of jobs that a command has started in the background. */
export interface JobNumbers {
  above: number;
  upTo: number;
}

/** @param jobs process numbers of which the shell has said `[1] 123` by itself; null: of none */
export function presentOutput(text: string, jobs: JobNumbers | null): string {
  let clean = text.replace(terminalNoise, '');
  if (jobs !== null) {
    const isJob = (pid: string) => Number(pid) > jobs.above && Number(pid) <= jobs.upTo;
    clean = clean.replace(/^\[\d+\] (\d+)\n/gm, (line, pid: string) => (isJob(pid) ? '' : line));
  }
  return overwrite(stripVTControlCharacters(clean)).replace(/\0+/g, (run) =>
    run.length < 4 ? '\u2400'.repeat(run.length) : `\u2400[${run.length} times]`,
  );
}
