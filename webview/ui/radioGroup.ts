import { vsCodeRadio, vsCodeRadioGroup } from '@vscode/webview-ui-toolkit';
import { css, html, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Choice } from './choice.ts';
import { ArField, fieldStyles } from './fieldFrame.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeRadio(), vsCodeRadioGroup());

/** One of a few values, all in view. `ar-change` tells the chosen value. */
export class ArRadioGroup extends ArField {
  static override properties: PropertyDeclarations = {
    value: { type: String },
    choices: { attribute: false },
    vertical: { type: Boolean },
  };
  static override styles = [
    fieldStyles,
    css`
      tk-radio-group {
        margin: 0;
      }
      tk-radio-group::part(positioning-region) {
        column-gap: 14px;
      }
      tk-radio {
        margin-top: 2px;
        margin-bottom: 2px;
      }
    `,
  ];
  declare value: string;
  declare choices: readonly Choice[];
  declare vertical: boolean;

  constructor() {
    super();
    this.value = '';
    this.choices = [];
    this.vertical = false;
  }

  protected override render() {
    return html`${this.caption()}<tk-radio-group
        class="control"
        orientation=${this.vertical ? 'vertical' : 'horizontal'}
        .value=${this.value}
        ?disabled=${this.disabled}
        @change=${this.#change}
        >${repeat(
          this.choices,
          (choice) => choice.value,
          (choice) =>
            html`<tk-radio value=${choice.value} aria-label=${choice.label} ?disabled=${choice.disabled === true}>${choice.label}</tk-radio>`,
        )}</tk-radio-group
      >${this.notes()}`;
  }

  protected override control(): (HTMLElement & { value: string }) | null {
    return this.renderRoot.querySelector<HTMLElement & { value: string }>('tk-radio-group');
  }

  #change(event: Event): void {
    event.stopPropagation();
    const chosen = this.control()?.value ?? this.value;
    if (chosen === this.value) return;
    this.value = chosen;
    this.emit('ar-change', chosen);
  }
}
customElements.define('ar-radio-group', ArRadioGroup);
