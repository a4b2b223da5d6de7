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
    return html`<tk-progress-ring></tk-progress-ring>`;
  }

  /** The library names its ring itself, and has it interrupt whatever a screen reader says. */
  protected override updated(): void {
    const ring = this.renderRoot.querySelector('tk-progress-ring');
    ring?.setAttribute('aria-label', this.label);
    ring?.setAttribute('aria-live', 'off');
  }
}
customElements.define('ar-progress-ring', ArProgressRing);
