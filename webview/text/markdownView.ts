import { html, type TemplateResult } from 'lit';
import { codeView, languageNamed } from './codeView.ts';
import { type Block, type Inline, parseMarkdown } from './markdown.ts';
import { visibleText } from './visibleText.ts';

/** Reasoning of a model as elements without behaviour: no link, picture or script can come out of it. */
export function markdownView(source: string): TemplateResult {
  return html`${parseMarkdown(visibleText(source)).map(block)}`;
}

function block(part: Block): TemplateResult {
  switch (part.kind) {
    case 'paragraph':
      return html`<p>${part.content.map(inline)}</p>`;
    case 'quote':
      return html`<blockquote>${part.content.map(inline)}</blockquote>`;
    // Headings of a model's text are not headings of the page.
    case 'heading':
      return html`<p class="heading">${part.content.map(inline)}</p>`;
    case 'rule':
      return html`<hr />`;
    case 'code':
      return html`<pre class="code"><code>${codeView(part.text, languageNamed(part.language))}</code></pre>`;
    case 'list': {
      const items = part.items.map(
        ({ depth, content }) => html`<li class=${`depth-${depth}`}>${content.map(inline)}</li>`,
      );
      return part.ordered ? html`<ol start=${part.start}>${items}</ol>` : html`<ul>${items}</ul>`;
    }
  }
}

function inline(part: Inline): TemplateResult | string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'code':
      return html`<code>${part.text}</code>`;
    case 'strong':
      return html`<strong>${part.text}</strong>`;
    case 'emphasis':
      return html`<em>${part.text}</em>`;
    case 'link':
      return html`${part.text} <span class="address">(${part.address})</span>`;
  }
}
