import { html, nothing, type TemplateResult } from 'lit';
import type { Line, Span } from './ansi.ts';
import { type AnsiPalette, ansiStyle } from './ansiStyle.ts';
import { shortLine } from './excerpt.ts';

/** Lines of output in their colours, the inside of a `<pre>`. `cutWords` says how many characters a line has more. */
export function linesView(
  lines: readonly Line[],
  palette: AnsiPalette,
  cutWords: (characters: number) => string,
): TemplateResult {
  return html`${lines.map((whole, index) => {
    const { line, cut } = shortLine(whole);
    return html`${index === 0 ? nothing : '\n'}${line.map((span) => drawn(span, palette))}${
      cut === 0 ? nothing : html`<span class="cut">${cutWords(cut)}</span>`
    }`;
  })}`;
}

function drawn(span: Span, palette: AnsiPalette): TemplateResult | string {
  const { text, classes, color, background } = span;
  if (classes.length === 0 && color === null && background === null) return text;
  return html`<span class=${classes.join(' ')} .style=${ansiStyle(span, palette)}>${text}</span>`;
}
