import { vsCodeDropdown, vsCodeOption } from '@vscode/webview-ui-toolkit';
import { css, html, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Choice } from './choice.ts';
import { ArField, fieldStyles } from './fieldFrame.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeDropdown(), vsCodeOption());

/** One of several values, in a list that opens. `ar-change` tells the chosen value. */
export class ArSelect extends ArField {
  static override properties: PropertyDeclarations = {
    value: { type: String },
    choices: { attribute: false },
  };
  static override styles = [
    fieldStyles,
    css`
      tk-dropdown {
        width: 100%;
        vertical-align: top;
      }
      tk-dropdown::part(listbox) {
        z-index: 10;
      }
      :host([invalid]) tk-dropdown::part(control) {
        border-color: var(--vscode-inputValidation-errorBorder, var(--ar-error));
      }
    `,
  ];
  declare value: string;
  declare choices: readonly Choice[];

  constructor() {
    super();
    this.value = '';
    this.choices = [];
  }

  protected override render() {
    return html`${this.caption()}<tk-dropdown
        class="control"
        ?disabled=${this.disabled}
        @input=${(event: Event) => event.stopPropagation()}
        @change=${this.#change}
        >${repeat(
          this.choices,
          (choice) => choice.value,
          (choice) =>
            html`<tk-option
              value=${choice.value}
              aria-label=${choice.label}
              ?disabled=${choice.disabled === true}
              ?selected=${choice.value === this.value}
              >${choice.label}</tk-option
            >`,
        )}</tk-dropdown
      >${this.notes()}`;
  }

  /** The library chooses its first option by itself when options arrive: what is meant is set after that. */
  protected override updated(): void {
    super.updated();
    const dropdown = this.control();
    if (dropdown === null) return;
    const set = () => {
      if (dropdown.value !== this.value) dropdown.value = this.value;
    };
    set();
    queueMicrotask(set);
  }

  protected override control(): (HTMLElement & { value: string }) | null {
    return this.renderRoot.querySelector<HTMLElement & { value: string }>('tk-dropdown');
  }

  #change(event: Event): void {
    event.stopPropagation();
    const chosen = this.control()?.value ?? this.value;
    if (chosen === this.value) return;
    this.value = chosen;
    this.emit('ar-change', chosen);
  }
}
customElements.define('ar-select', ArSelect);
