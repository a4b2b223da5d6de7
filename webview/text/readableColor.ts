/** Colours that programs ask for, moved as far as it takes to be read on the background they stand on (WCAG 2.2, 1.4.3). */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Least contrast of text, as VS Code's own terminal keeps it. */
export const leastContrast = 4.5;

const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];

function luminance([red, green, blue]: Rgb): number {
  const linear = (value: number) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** From 1 (the same) to 21 (black on white). */
export function contrast(a: Rgb, b: Rgb): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const at = (from: number, to: number) => Math.round(from + (to - from) * share);
  return [at(a[0], b[0]), at(a[1], b[1]), at(a[2], b[2])];
}

/** The colour itself where it can be read; else moved towards white or black, whichever stands out more, just enough. */
export function readable(color: Rgb, background: Rgb, least: number = leastContrast): Rgb {
  if (contrast(color, background) >= least) return color;
  const towards = contrast(white, background) >= contrast(black, background) ? white : black;
  for (let share = 0.1; share < 1; share += 0.1) {
    const moved = mix(color, towards, share);
    if (contrast(moved, background) >= least) return moved;
  }
  return towards;
}

/** `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(…)`, `rgba(…)`; null for anything else. What is translucent lies on `under`. */
export function parseColor(css: string, under: Rgb = black): Rgb | null {
  const hex = /^#([\da-f]{3,8})$/i.exec(css.trim())?.[1];
  if (hex !== undefined) {
    const long = hex.length <= 4 ? [...hex].map((digit) => digit + digit).join('') : hex;
    if (long.length !== 6 && long.length !== 8) return null;
    const part = (at: number) => Number.parseInt(long.slice(at, at + 2), 16);
    return over([part(0), part(2), part(4)], long.length === 8 ? part(6) / 255 : 1, under);
  }
  const numbers =
    /^rgba?\(([^)]+)\)$/i
      .exec(css.trim())?.[1]
      ?.split(/[\s,/]+/)
      .map(Number) ?? [];
  const [red, green, blue, alpha = 1] = numbers;
  if (red === undefined || green === undefined || blue === undefined || numbers.some(Number.isNaN)) return null;
  return over([red, green, blue], alpha, under);
}

function over(color: Rgb, alpha: number, under: Rgb): Rgb {
  return alpha >= 1 ? color : mix(under, color, alpha);
}

export function toCss([red, green, blue]: Rgb): string {
  return `rgb(${red}, ${green}, ${blue})`;
}
