import { css, html, nothing, type PropertyDeclarations } from 'lit';
import { ArElement, focusRing } from './element.ts';

/** Only these leave VS Code, through the person's browser, after its own question. */
const allowed = /^https:\/\//;

/**
 * Text that leads somewhere. With `href` (https only) to a page; without, it is a button that looks like a link and tells of
 * a plain `click`.
 */
export class ArLink extends ArElement {
  static override properties: PropertyDeclarations = { href: { type: String }, label: { type: String } };
  static override shadowRootOptions = { ...ArElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    focusRing,
    css`
      a,
      button {
        font: inherit;
        color: var(--vscode-textLink-foreground);
        background: none;
        border: none;
        padding: 0;
        cursor: pointer;
        text-align: inherit;
        text-decoration: var(--text-link-decoration, none);
        border-radius: 2px;
      }
      a:hover,
      button:hover {
        color: var(--vscode-textLink-activeForeground);
        text-decoration: underline;
      }
    `,
  ];
  declare href: string;
  declare label: string;

  constructor() {
    super();
    this.href = '';
    this.label = '';
  }

  protected override render() {
    const label = this.label || nothing;
    if (allowed.test(this.href)) return html`<a href=${this.href} aria-label=${label} title=${label}><slot></slot></a>`;
    return html`<button type="button" aria-label=${label} title=${label}><slot></slot></button>`;
  }
}
customElements.define('ar-link', ArLink);
