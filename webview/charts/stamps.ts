/**
 * Small pictures put into a large one, pixel by pixel: where thousands of marks are drawn many times a second by a processor,
 * this is several times faster than a canvas can be told to.
 */

/** RGBA, four bytes to a number, as in `ImageData`: rows from above, alpha not multiplied in. */
export interface Picture {
  width: number;
  height: number;
  pixels: Uint32Array;
}

/** On machines whose numbers begin with their lowest byte, as all that run browsers do, the last of RGBA comes first. */
const alphaShift = 24;

/** Draws `stamp` over `target`, its upper left corner at a whole pixel; what lies outside is left out. */
export function put(target: Picture, stamp: Picture, left: number, top: number): void {
  const [fromX, toX] = [Math.max(0, -left), Math.min(stamp.width, target.width - left)];
  const [fromY, toY] = [Math.max(0, -top), Math.min(stamp.height, target.height - top)];
  for (let y = fromY; y < toY; y += 1) {
    const [source, goal] = [y * stamp.width, (top + y) * target.width + left];
    for (let x = fromX; x < toX; x += 1) {
      const over = stamp.pixels[source + x] ?? 0;
      const alpha = over >>> alphaShift;
      if (alpha === 0) continue;
      const under = target.pixels[goal + x] ?? 0;
      target.pixels[goal + x] = alpha === 255 || under === 0 ? over : blended(over, under, alpha / 255);
    }
  }
}

/** `over` of this opacity on `under`. */
function blended(over: number, under: number, opacity: number): number {
  const rest = ((under >>> alphaShift) / 255) * (1 - opacity);
  const alpha = opacity + rest;
  const channel = (shift: number) =>
    Math.round((((over >>> shift) & 255) * opacity + ((under >>> shift) & 255) * rest) / alpha) << shift;
  return ((Math.round(alpha * 255) << alphaShift) | channel(16) | channel(8) | channel(0)) >>> 0;
}
