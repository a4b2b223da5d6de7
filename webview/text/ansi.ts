/** What programs print, with the colours they asked for and without anything else that would steer a terminal. */
import Anser from 'anser';
import { visibleText } from './visibleText.ts';

export interface Span {
  text: string;
  /** `fg-red`, `bg-bright-red` of the theme's sixteen, and `bold`, `reverse`, …; empty for plain text. */
  classes: readonly string[];
  /** Colours outside the sixteen of a theme, as CSS values. */
  color: string | null;
  background: string | null;
}

export type Line = readonly Span[];

/** More than this is not taken apart, in characters: the middle is left out, and a line says so. */
export const mostCharacters = 400_000;

// Titles, links and other strings for the terminal; character sets and modes; moves of the cursor and all else but colours.
const esc = '\u001b';
const bell = '\u0007';
const strings = new RegExp(`${esc}[\\]PX^_][^${bell}${esc}]*(?:${bell}|${esc}\\\\)?`, 'g');
const shortEscapes = new RegExp(`${esc}(?:[()*+\\-./#%][0-9A-Za-z]|[0-9=>A-OQ-WYZ\`-~])`, 'g');
const otherSequences = new RegExp(`${esc}\\[[0-?]*[ -/]*[@-ln-~]`, 'g');

/** Whole lines, each as spans of one style. Progress bars that were drawn over and over stand as they were last. */
export function ansiLines(text: string): Line[] {
  const bounded = bound(text);
  if (!bounded.includes(esc)) return redrawn(bounded).split('\n').map(plainLine);
  const cleaned = redrawn(bounded.replaceAll(strings, '').replaceAll(shortEscapes, '').replaceAll(otherSequences, ''));
  const lines: Span[][] = [[]];
  for (const entry of Anser.ansiToJson(cleaned, { json: true, remove_empty: true, use_classes: true })) {
    const style = styleOf(entry);
    entry.content.split('\n').forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part !== '') lines.at(-1)?.push({ ...style, text: visibleText(part) });
    });
  }
  return lines;
}

function plainLine(text: string): Line {
  return text === '' ? [] : [{ text: visibleText(text), classes: [], color: null, background: null }];
}

function bound(text: string): string {
  if (text.length <= mostCharacters) return text;
  const left = text.length - mostCharacters;
  return `${text.slice(0, mostCharacters / 2)}\n… ${left.toLocaleString('en-US')} characters are not shown here …\n${text.slice(-mostCharacters / 2)}`;
}

/** Of a line with lone carriage returns only the last drawing counts. */
function redrawn(text: string): string {
  if (!text.includes('\r')) return text;
  return text
    .replaceAll(/\r+\n/g, '\n')
    .split('\n')
    .map((line) => {
      const drawings = line.split('\r').filter((drawing) => drawing !== '');
      return drawings.at(-1) ?? '';
    })
    .join('\n');
}

function styleOf({ fg, bg, fg_truecolor, bg_truecolor, decorations }: Anser.AnserJsonEntry): Omit<Span, 'text'> {
  const [front, back] = [side(fg, fg_truecolor), side(bg, bg_truecolor)];
  const classes = decorations.filter((decoration) => decoration !== 'blink').map(String);
  if (front.name !== null) classes.push(`fg-${front.name}`);
  if (back.name !== null) classes.push(`bg-${back.name}`);
  return { classes, color: front.value, background: back.value };
}

/** Anser names the sixteen colours `ansi-red` and others `ansi-palette-123` or `ansi-truecolor`. */
function side(name: string | null, truecolor: string | null): { name: string | null; value: string | null } {
  if (name === null || name === '') return { name: null, value: null };
  if (name === 'ansi-truecolor')
    return { name: null, value: /^[\d, ]+$/.test(truecolor ?? '') ? `rgb(${truecolor})` : null };
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  if (palette !== null) return { name: null, value: paletteColor(Number(palette[1])) };
  return { name: name.replace(/^ansi-/, ''), value: null };
}

/** The colour cube (16–231) and the greys (232–255) of xterm. */
function paletteColor(index: number): string {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const step = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return `rgb(${step(Math.floor(cube / 36))}, ${step(Math.floor(cube / 6) % 6)}, ${step(cube % 6)})`;
}
