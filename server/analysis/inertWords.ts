/** Words of models, programs and manifests inside markdown of ours: a reader's preview shows them, and nothing more. */
import { directionMarks } from '../../protocol/directionMarks.ts';

const turning = new RegExp(`[${directionMarks}]`, 'g');

/**
 * On one line, cut to `max` characters; HTML, links, images and cells of tables become the characters that they are written with.
 * @example inertWords('<b>x</b> [y](z)') // '\\<b>x\\</b> \\[y](z)'
 */
export function inertWords(text: string, max = 200): string {
  const line = text
    .slice(0, 4 * max)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(turning, '')
    .trim();
  return line.slice(0, max).replaceAll(/[\\<[|]/g, '\\$&');
}
