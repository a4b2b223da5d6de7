/** What an agent is told of a program that is nearly its own. */
import type { Candidate } from '../../../protocol/run.ts';
import type { ProgramFile } from '../../../protocol/worker.ts';
import { roundForAgents } from '../../evaluation/selection.ts';
import type { Found } from './programIndex.ts';

const mostLines = 4;
const mostCharacters = 120;

/** @param other the candidate that has the program already */
export function duplicateWords(found: Found, other: Candidate | undefined, files: readonly ProgramFile[]): string {
  const { of, similarity } = found;
  const fate =
    other?.search != null
      ? `which scored ${roundForAgents(other.search.value)}`
      : other?.failure != null
        ? `which failed (${other.failure.kind})`
        : 'which is being evaluated';
  const changed = newLines(files, found.files);
  const same =
    similarity === 1
      ? `Not submitted yet: this is the same program as #${of}, token for token, ${fate}.`
      : `Not submitted yet: this program is nearly the same as #${of} (${(100 * similarity).toFixed(1)} % of it), ${fate}.`;
  const what = changed.length === 0 ? '' : `\nOnly yours has:\n${changed.map((line) => `  ${line}`).join('\n')}`;
  return `${same}${what}\nChange what matters first. If this small difference is what you want to know about, call \`submit\` again: it is taken then.`;
}

/** Lines that stand in the one and not in the other. */
function newLines(files: readonly ProgramFile[], others: readonly ProgramFile[]): string[] {
  const known = new Set(others.flatMap(linesOf));
  return files
    .flatMap(linesOf)
    .filter((line) => line !== '' && !line.startsWith('#') && !known.has(line))
    .slice(0, mostLines)
    .map((line) => line.slice(0, mostCharacters));
}

function linesOf({ contentBase64 }: ProgramFile): string[] {
  return Buffer.from(contentBase64, 'base64')
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim());
}
