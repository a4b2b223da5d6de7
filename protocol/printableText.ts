/** Text of models and programs on its way to a person: nothing in it may steer a terminal. */
import { stripVTControlCharacters } from 'node:util';

/**
 * Without escape sequences and control characters; newlines and tabs stay, a lone carriage return (a progress bar) is a
 * newline.
 * @example printableText('\u001b[31mred\u001b[0m\u0007') // 'red'
 */
export function printableText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r+\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '');
}
