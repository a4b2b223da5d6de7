import { vsCodeButton } from '@vscode/webview-ui-toolkit';
import { css, html, nothing, type PropertyDeclarations } from 'lit';
import { ArElement } from './element.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeButton());

/** A button. `label` names one that shows only an icon. Clicks are plain `click` events. */
export class ArButton extends ArElement {
  static override properties: PropertyDeclarations = {
    appearance: { type: String },
    disabled: { type: Boolean, reflect: true },
    label: { type: String },
    pressed: { attribute: false },
    expanded: { attribute: false },
  };
  static override shadowRootOptions = { ...ArElement.shadowRootOptions, delegatesFocus: true };
  static override styles = css`
    :host {
      display: inline-flex;
      vertical-align: middle;
    }
    :host([disabled]) {
      pointer-events: none;
    }
    tk-button {
      flex: 1;
      white-space: nowrap;
    }
    tk-button::part(content) {
      display: inline-flex;
      align-items: center;
      gap: 6px;
    }
    tk-button[aria-pressed='true'] {
      background: var(--vscode-inputOption-activeBackground);
      color: var(--vscode-inputOption-activeForeground);
      outline: 1px solid var(--vscode-inputOption-activeBorder, transparent);
      outline-offset: -1px;
    }
  `;
  declare appearance: 'primary' | 'secondary' | 'icon';
  declare disabled: boolean;
  declare label: string;
  /** Of a toggle: whether it is on. */
  declare pressed: boolean | null;
  /** Of a button that folds something. */
  declare expanded: boolean | null;

  constructor() {
    super();
    this.appearance = 'primary';
    this.disabled = false;
    this.label = '';
    this.pressed = null;
    this.expanded = null;
  }

  /** The library passes names on to the button inside, but no states. */
  protected override updated(): void {
    const inner = this.renderRoot.querySelector('tk-button')?.shadowRoot?.querySelector('button');
    if (inner === null || inner === undefined) return;
    for (const [name, state] of [
      ['aria-pressed', this.pressed],
      ['aria-expanded', this.expanded],
    ] as const)
      if (state === null) inner.removeAttribute(name);
      else inner.setAttribute(name, String(state));
  }

  protected override render() {
    return html`<tk-button
      appearance=${this.appearance}
      ?disabled=${this.disabled}
      aria-label=${this.label || nothing}
      title=${this.label || nothing}
      aria-pressed=${this.pressed ?? nothing}
      aria-expanded=${this.expanded ?? nothing}
      ><slot></slot
    ></tk-button>`;
  }
}
customElements.define('ar-button', ArButton);
