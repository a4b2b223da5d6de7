/** A program as text for an agent: bounded, so that the contexts that are stored and shown stay bounded too. */
import type { ProgramFile } from '../../protocol/worker.ts';
import type { ProgramText } from './operatorContext.ts';

/** Over all files of a program; about 30 000 tokens. */
export const maxProgramCharacters = 120_000;

const placeholder = /^\(\d+ bytes, (?:not text|left out: there is too much of this program)\)$/;
const cutEnd = /\n… \(\d+ characters more\)$/;

/**
 * The text files of a program, by path: first the ones that the command names, then the smallest, as far as they fit.
 * Others are named with their size; a named file that is too long by itself is shown from its beginning.
 */
export function programText(files: readonly ProgramFile[], command: readonly string[]): ProgramText {
  const decoded = files.map(({ path, contentBase64 }) => {
    const bytes = Buffer.from(contentBase64, 'base64');
    const text = bytes.toString('utf8');
    return { path, size: bytes.length, text, isText: Buffer.from(text, 'utf8').equals(bytes) };
  });
  const isEntry = (path: string) => command.includes(path);
  const shown = new Map<string, string>();
  let left = maxProgramCharacters;
  const byNeed = decoded.toSorted(
    (a, b) => Number(isEntry(b.path)) - Number(isEntry(a.path)) || a.text.length - b.text.length,
  );
  for (const { path, size, text, isText } of byNeed) {
    if (!isText) shown.set(path, `(${size} bytes, not text)`);
    else if (text.length <= left) shown.set(path, text);
    else if (isEntry(path) && left > 0)
      shown.set(path, `${text.slice(0, left)}\n… (${text.length - left} characters more)`);
    else shown.set(path, `(${size} bytes, left out: there is too much of this program)`);
    if (isText) left -= Math.min(left, isEntry(path) || text.length <= left ? text.length : 0);
  }
  return Object.fromEntries(decoded.map(({ path }) => [path, shown.get(path) ?? '']));
}

/** False for what stands in for a file that is not text, or did not fit. */
export function isWhole(text: string): boolean {
  return !placeholder.test(text) && !cutEnd.test(text);
}
