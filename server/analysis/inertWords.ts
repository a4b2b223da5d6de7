/** Words of models, programs and manifests inside markdown of ours: a reader's preview shows them, and nothing more. */

/** Marks that turn the direction of writing around. */
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

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
