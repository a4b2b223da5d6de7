/** The colours of terminal output under a theme: the theme's own sixteen, and every one of them readable. */
import { themeColor } from '../frame/theme.ts';
import type { Span } from './ansi.ts';
import { mix, parseColor, type Rgb, readable, toCss } from './readableColor.ts';

export interface AnsiPalette {
  /** `red`, `bright-red`, … */
  colors: ReadonlyMap<string, Rgb>;
  foreground: Rgb;
  background: Rgb;
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** Reads the theme that the page has now. */
export function readAnsiPalette(): AnsiPalette {
  const background = parseColor(themeColor(['editor-background'], '#1f1f1f')) ?? [31, 31, 31];
  const foreground = parseColor(themeColor(['foreground'], '#cccccc'), background) ?? [204, 204, 204];
  const colors = new Map<string, Rgb>();
  for (const name of names) {
    const word = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    for (const [key, variable] of [
      [name, `terminal-ansi${word}`],
      [`bright-${name}`, `terminal-ansiBright${word}`],
    ] as const)
      colors.set(key, parseColor(themeColor([variable], ''), background) ?? foreground);
  }
  return { colors, foreground, background };
}

/** CSS of a span's colours; empty for text without any. */
export function ansiStyle({ classes, color, background }: Span, palette: AnsiPalette): string {
  const named = (prefix: string) => {
    const name = classes.find((candidate) => candidate.startsWith(prefix))?.slice(prefix.length);
    return name === undefined ? null : (palette.colors.get(name) ?? null);
  };
  const own = color === null ? named('fg-') : parseColor(color);
  const under = background === null ? named('bg-') : parseColor(background);
  const reversed = classes.includes('reverse');
  if (own === null && under === null && !reversed && !classes.includes('dim')) return '';
  const ground = (reversed ? own : under) ?? (reversed ? palette.foreground : palette.background);
  const wanted = (reversed ? under : own) ?? (reversed ? palette.background : palette.foreground);
  const ink = readable(classes.includes('dim') ? mix(wanted, ground, 0.35) : wanted, ground);
  return `color: ${toCss(ink)};${under === null && !reversed ? '' : `background: ${toCss(ground)};`}`;
}
