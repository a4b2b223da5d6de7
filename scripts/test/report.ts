/** Readable output of a test run: files as they end, failures in full at the end again, the slowest files, the count. */
import { styleText } from 'node:util';
import { count, type FileOutcome, type Outcome } from './outcome.ts';

const marks = { passed: '✔', failed: '✖', skipped: '﹣' };
const colours = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;
const slowestShown = 8;

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function indent(text: string, by: string): string {
  return text.replace(/^(?=.)/gm, by);
}

function title({ within, name }: Outcome): string {
  return [...within, name].join(' › ');
}

function line(outcome: Outcome): string {
  const { state, detail, durationMs } = outcome;
  const note = state === 'skipped' && detail !== '' ? ` (skipped: ${detail})` : '';
  const time = durationMs >= 1000 ? ` (${seconds(durationMs)})` : '';
  return `    ${styleText(colours[state], marks[state])} ${title(outcome)}${time}${note}`;
}

const failedOf = ({ outcomes }: FileOutcome) => outcomes.filter(({ state }) => state === 'failed');

const failedLine = (file: string, outcome: Outcome) =>
  `${styleText('red', marks.failed)} ${styleText('bold', file)} › ${title(outcome)}`;

/** One file, with a line for each of its tests. */
export function fileLines({ file, outcomes, durationMs }: FileOutcome): string[] {
  return [`  ${styleText('bold', file)} (${seconds(durationMs)})`, ...outcomes.map(line)];
}

/** Every failure in full, with its file and what the file's process wrote. */
export function failureLines(files: readonly FileOutcome[]): string[] {
  return files.flatMap((result) => {
    const { file, output } = result;
    const failed = failedOf(result);
    if (failed.length === 0) return [];
    const lines = failed.flatMap((outcome) => [failedLine(file, outcome), indent(outcome.detail, '    '), '']);
    return output === '' ? lines : [...lines, `  ${file} wrote:`, indent(output, '    │ '), ''];
  });
}

/** Every failure in two lines: what files have written is long, and the end of a log is what is kept and read. */
export function failedLines(files: readonly FileOutcome[]): string[] {
  return files.flatMap((result) =>
    failedOf(result).flatMap((outcome) => [
      `  ${failedLine(result.file, outcome)}`,
      `      ${outcome.detail.trim().split('\n')[0]}`,
    ]),
  );
}

export function slowestLines(files: readonly FileOutcome[]): string[] {
  const slowest = [...files].sort((a, b) => b.durationMs - a.durationMs).slice(0, slowestShown);
  return slowest.map(({ file, durationMs }) => `  ${seconds(durationMs).padStart(8)}  ${file}`);
}

/** The last line of every run: `N passed, N failed`, and `, N skipped` if any was. */
export function countLine(files: readonly FileOutcome[]): string {
  const skipped = count(files, 'skipped');
  const tail = skipped === 0 ? '' : `, ${skipped} skipped`;
  return `${count(files, 'passed')} passed, ${count(files, 'failed')} failed${tail}`;
}
