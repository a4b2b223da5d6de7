import { css, html, type PropertyDeclarations } from 'lit';
import { ArElement } from './element.ts';

export type Tone = 'neutral' | 'info' | 'success' | 'warning' | 'error';

/** A word that says of what kind something is. Its tone is a colour beside the word, never instead of it. */
export class ArTag extends ArElement {
  static override properties: PropertyDeclarations = { tone: { type: String, reflect: true } };
  static override styles = css`
    :host {
      display: inline-flex;
      align-items: center;
      gap: 4px;
      padding: 0 6px;
      border: 1px solid var(--ar-tag-line, var(--vscode-widget-border, var(--ar-line)));
      border-radius: 9px;
      font-size: var(--ar-small);
      line-height: 16px;
      white-space: nowrap;
      color: var(--vscode-foreground);
    }
    :host([tone='info']) {
      --ar-tag-line: var(--ar-info);
    }
    :host([tone='success']) {
      --ar-tag-line: var(--ar-success);
    }
    :host([tone='warning']) {
      --ar-tag-line: var(--ar-warning);
    }
    :host([tone='error']) {
      --ar-tag-line: var(--ar-error);
    }
  `;
  declare tone: Tone;

  constructor() {
    super();
    this.tone = 'neutral';
  }

  protected override render() {
    return html`<slot></slot>`;
  }
}
customElements.define('ar-tag', ArTag);
