import { vsCodeBadge } from '@vscode/webview-ui-toolkit';
import { css, html } from 'lit';
import { ArElement } from './element.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeBadge());

/** A small count beside what it counts. */
export class ArBadge extends ArElement {
  static override styles = css`
    :host {
      display: inline-flex;
      vertical-align: middle;
    }
  `;
  protected override render() {
    return html`<tk-badge><slot></slot></tk-badge>`;
  }
}
customElements.define('ar-badge', ArBadge);
