import { vsCodeProgressRing } from '@vscode/webview-ui-toolkit';
import { css, html, type PropertyDeclarations } from 'lit';
import { ArElement } from './element.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeProgressRing());

/** Something is under way; `label` says what. Stands still where a person wants less motion. */
export class ArProgressRing extends ArElement {
  static override properties: PropertyDeclarations = { label: { type: String } };
  static override styles = css`
    :host {
      display: inline-flex;
      vertical-align: middle;
    }
    tk-progress-ring {
      width: 16px;
      height: 16px;
    }
    :host-context(body.vscode-reduce-motion) tk-progress-ring {
      display: none;
    }
    @media (prefers-reduced-motion: reduce) {
      tk-progress-ring {
        display: none;
      }
    }
  `;
  declare label: string;

  constructor() {
    super();
    this.label = '';
  }

  protected override render() {
    return html`<tk-progress-ring aria-label=${this.label}></tk-progress-ring>`;
  }
}
customElements.define('ar-progress-ring', ArProgressRing);
