/** Text of models on its way to the screen: one line, in which nothing steers how the rest is read. */
import { directionMarks } from '../../protocol/directionMarks.ts';

const steering = new RegExp(`[\\p{Cc}\\u2028\\u2029${directionMarks}]`, 'gu');

/**
 * Without control characters, line ends and direction marks; runs of white space are one space; cut to `max` characters.
 * @example plainLine('two\nlines', 40) // 'two lines'
 */
export function plainLine(text: string, max = 400): string {
  // Cut first, roughly: texts of models have no bound worth the name.
  const line = text
    .slice(0, 4 * max)
    .replaceAll(/[\n\r\t]+/g, ' ')
    .replaceAll(steering, '')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : line;
}
