import { html, nothing, type TemplateResult } from 'lit';
import type { Line, Span } from './ansi.ts';
import { shortLine } from './excerpt.ts';

/** Lines of output in their colours, the inside of a `<pre>`. `cutWords` says how many characters a line has more. */
export function linesView(lines: readonly Line[], cutWords: (characters: number) => string): TemplateResult {
  return html`${lines.map((whole, index) => {
    const { line, cut } = shortLine(whole);
    return html`${index === 0 ? nothing : '\n'}${line.map(span)}${
      cut === 0 ? nothing : html`<span class="cut">${cutWords(cut)}</span>`
    }`;
  })}`;
}

function span({ text, classes, color, background }: Span): TemplateResult | string {
  if (classes.length === 0 && color === null && background === null) return text;
  const style = `${color === null ? '' : `color: ${color};`}${background === null ? '' : `background: ${background};`}`;
  return html`<span class=${classes.join(' ')} .style=${style}>${text}</span>`;
}
