import { vsCodeDivider } from '@vscode/webview-ui-toolkit';
import { css, html } from 'lit';
import { ArElement } from './element.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeDivider());

/** A line between groups. */
export class ArDivider extends ArElement {
  static override styles = css`
    :host {
      display: block;
    }
  `;
  protected override render() {
    return html`<tk-divider></tk-divider>`;
  }
}
customElements.define('ar-divider', ArDivider);
