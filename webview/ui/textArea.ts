import { vsCodeTextArea } from '@vscode/webview-ui-toolkit';
import { css, html, type PropertyDeclarations } from 'lit';
import { ArField, fieldStyles } from './fieldFrame.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodeTextArea());

/** Several lines of text. */
export class ArTextArea extends ArField {
  static override properties: PropertyDeclarations = {
    value: { type: String },
    rows: { type: Number },
  };
  static override styles = [
    fieldStyles,
    css`
      tk-text-area {
        width: 100%;
      }
      :host([invalid]) tk-text-area::part(control) {
        border-color: var(--vscode-inputValidation-errorBorder, var(--ar-error));
      }
    `,
  ];
  declare value: string;
  declare rows: number;

  constructor() {
    super();
    this.value = '';
    this.rows = 3;
  }

  protected override render() {
    return html`${this.caption()}<tk-text-area
        class="control"
        .value=${this.value}
        placeholder=${this.placeholder}
        rows=${this.rows}
        resize="vertical"
        ?disabled=${this.disabled}
        ?required=${this.required}
        @input=${this.#input}
        @change=${this.#change}
      ></tk-text-area
      >${this.notes()}`;
  }

  protected override control(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector('tk-text-area')?.shadowRoot?.querySelector('textarea') ?? null;
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
customElements.define('ar-text-area', ArTextArea);
