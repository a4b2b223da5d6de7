import { vsCodeTextField } from '@vscode/webview-ui-toolkit';
import { css, html, nothing, type PropertyDeclarations } from 'lit';
import { ArField, fieldStyles } from './fieldFrame.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeTextField());

/** One line of text, or a number as text: what it means, and whether it is right, its user decides. */
export class ArTextField extends ArField {
  static override properties: PropertyDeclarations = {
    value: { type: String },
    unit: { type: String },
  };
  static override styles = [
    fieldStyles,
    css`
      tk-text-field {
        width: 100%;
        vertical-align: top;
      }
      :host([invalid]) tk-text-field::part(root) {
        border-color: var(--vscode-inputValidation-errorBorder, var(--ar-error));
      }
      .unit {
        color: var(--ar-muted);
        font-size: var(--ar-small);
        white-space: nowrap;
      }
    `,
  ];
  declare value: string;
  /** What stands behind the value: `h`, `$`. */
  declare unit: string;

  constructor() {
    super();
    this.value = '';
    this.unit = '';
  }

  protected override render() {
    return html`${this.caption()}<tk-text-field
        class="control"
        .value=${this.value}
        placeholder=${this.placeholder}
        ?disabled=${this.disabled}
        ?required=${this.required}
        @input=${this.#input}
        @change=${this.#change}
        >${this.unit === '' ? nothing : html`<div slot="end" class="unit" aria-hidden="true">${this.unit}</div>`}</tk-text-field
      >${this.notes()}`;
  }

  protected override spokenLabel(): string {
    return this.unit === '' ? this.label : `${this.label} (${this.unit})`;
  }

  protected override control(): HTMLInputElement | null {
    return this.renderRoot.querySelector('tk-text-field')?.shadowRoot?.querySelector('input') ?? null;
  }

  #take(event: Event): void {
    event.stopPropagation();
    this.value = this.control()?.value ?? this.value;
  }

  #input(event: Event): void {
    this.#take(event);
    this.emit('ar-input', this.value);
  }

  #change(event: Event): void {
    this.#take(event);
    this.emit('ar-change', this.value);
  }
}
customElements.define('ar-text-field', ArTextField);
