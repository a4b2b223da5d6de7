import { vsCodeCheckbox } from '@vscode/webview-ui-toolkit';
import { css, html, type PropertyDeclarations } from 'lit';
import { ArField, fieldStyles } from './fieldFrame.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeCheckbox());

/** Yes or no. `ar-change` tells which. */
export class ArCheckbox extends ArField {
  static override properties: PropertyDeclarations = { checked: { type: Boolean } };
  static override styles = [
    fieldStyles,
    css`
      .notes {
        padding-left: 26px;
      }
    `,
  ];
  declare checked: boolean;

  constructor() {
    super();
    this.checked = false;
  }

  protected override render() {
    return html`<tk-checkbox class="control" .checked=${this.checked} ?disabled=${this.disabled} @change=${this.#change}
        >${this.label}</tk-checkbox
      >${this.notes()}`;
  }

  protected override control(): (HTMLElement & { checked: boolean }) | null {
    return this.renderRoot.querySelector<HTMLElement & { checked: boolean }>('tk-checkbox');
  }

  #change(event: Event): void {
    event.stopPropagation();
    const checked = this.control()?.checked ?? this.checked;
    // The library tells of values that were set from outside, too.
    if (checked === this.checked) return;
    this.checked = checked;
    this.emit('ar-change', checked);
  }
}
customElements.define('ar-checkbox', ArCheckbox);
