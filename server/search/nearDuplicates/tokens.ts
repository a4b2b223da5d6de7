/**
 * A program as a row of tokens that comments, docstrings and layout have no part in. Python is read by a small scanner that
 * takes anything, also what is no Python; of other files every line is a token.
 */
import type { ProgramFile } from '../../../protocol/worker.ts';

/** Characters of a program that are looked at: more is data, not a program. */
const mostCharacters = 512 * 1024;

/** Groups: 1 space, 2 comment, 3 string, 4 name, 5 number, 6 anything else. */
const scanner =
  /([^\S\n]+|\\\n|\n)|(#[^\n]*)|([rRbBuUfFtT]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|([\p{L}_][\p{L}\p{N}_]*)|(\.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?)|([\s\S])/gu;

export function programTokens(files: readonly ProgramFile[]): string[] {
  const tokens: string[] = [];
  let left = mostCharacters;
  for (const { path, contentBase64 } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const text = Buffer.from(contentBase64, 'base64').toString('utf8').slice(0, left);
    left -= text.length;
    tokens.push(`file ${path}`);
    if (path.endsWith('.py')) for (const token of pythonTokens(text)) tokens.push(token);
    else for (const line of text.split('\n')) if (line.trim() !== '') tokens.push(line.trim());
  }
  return tokens;
}

export function pythonTokens(source: string): string[] {
  const tokens: string[] = [];
  let depth = 0;
  let isLineStart = true;
  for (const [text, space, comment, string, name, number] of source.matchAll(scanner)) {
    if (comment !== undefined) continue;
    if (space !== undefined) {
      isLineStart ||= text === '\n';
      continue;
    }
    const isDocstring = isLineStart && depth === 0 && string !== undefined && /^\w*("""|''')/.test(string);
    isLineStart = false;
    if (isDocstring) continue;
    if (string !== undefined) tokens.push(plainString(string));
    else if (number !== undefined) tokens.push(plainNumber(number));
    else if (name !== undefined) tokens.push(name);
    else {
      if ('([{'.includes(text)) depth += 1;
      if (')]}'.includes(text)) {
        depth = Math.max(0, depth - 1);
        // A comma before a closing bracket is layout.
        if (tokens.at(-1) === ',') tokens.pop();
      }
      tokens.push(text);
    }
  }
  return tokens;
}

/** The same whichever quotes it stands in. */
function plainString(text: string): string {
  const [, prefix = '', quotes = ''] = /^(\w*)("""|'''|"|')/.exec(text) ?? [];
  return `${prefix.toLowerCase()}"${text.slice(prefix.length + quotes.length, -quotes.length)}"`;
}

/** The same whether written 0.10 or 1e-1. */
function plainNumber(text: string): string {
  const value = Number(text.replaceAll('_', ''));
  return Number.isFinite(value) ? String(value) : text;
}
