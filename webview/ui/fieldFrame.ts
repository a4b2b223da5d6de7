/** What every field of a form has: a label, a line that explains it, and what is wrong with its value. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { ArElement } from './element.ts';
import './icon.ts';

export abstract class ArField extends ArElement {
  static override properties: PropertyDeclarations = {
    label: { type: String },
    description: { type: String },
    problem: { type: String },
    placeholder: { type: String },
    disabled: { type: Boolean, reflect: true },
    required: { type: Boolean },
    hideLabel: { type: Boolean, attribute: 'hide-label' },
  };
  static override shadowRootOptions = { ...ArElement.shadowRootOptions, delegatesFocus: true };
  declare label: string;
  declare description: string;
  /** Empty: the value is fine. */
  declare problem: string;
  declare placeholder: string;
  declare disabled: boolean;
  declare required: boolean;
  /** The label is told to screen readers only: what stands around the field says enough. */
  declare hideLabel: boolean;

  constructor() {
    super();
    this.label = '';
    this.description = '';
    this.problem = '';
    this.placeholder = '';
    this.disabled = false;
    this.required = false;
    this.hideLabel = false;
  }

  protected override willUpdate(): void {
    this.toggleAttribute('invalid', this.problem !== '');
  }

  /** The visible label; the control itself carries the name as `aria-label`, because ids do not reach into its shadow tree. */
  protected caption(): TemplateResult | typeof nothing {
    if (this.label === '' || this.hideLabel) return nothing;
    const focus = () => this.focus();
    return html`<div class="label ${this.required ? 'required' : ''}" aria-hidden="true" @click=${focus}>${this.label}</div>`;
  }

  protected notes(): TemplateResult {
    return html`<div class="notes" id="notes">
      ${this.problem === '' ? nothing : html`<div class="problem" role="alert"><ar-icon name="error"></ar-icon>${this.problem}</div>`}
      ${this.description === '' ? nothing : html`<div class="description">${this.description}</div>`}
    </div>`;
  }

  /** Ties the notes to the control inside the library's own shadow tree, where an id would not reach. */
  protected override updated(): void {
    const notes = this.renderRoot.querySelector('#notes');
    const control = this.control();
    // The library names its elements itself when they come into the document: what is meant is set after that.
    this.renderRoot.querySelector('.control')?.setAttribute('aria-label', this.spokenLabel());
    if (notes === null || control === null) return;
    if ('ariaDescribedByElements' in control) control.ariaDescribedByElements = [notes];
    control.ariaInvalid = this.problem === '' ? null : 'true';
  }

  /** The name of the control for screen readers. */
  protected spokenLabel(): string {
    return this.label;
  }

  /** What a screen reader stands on. */
  protected abstract control(): Element | null;
}

export const fieldStyles = css`
  :host {
    display: block;
  }
  .label {
    display: block;
    margin-bottom: 3px;
  }
  .required::after {
    content: ' *';
    color: var(--ar-muted);
  }
  .notes > div {
    margin-top: 3px;
    font-size: var(--ar-small);
  }
  .description {
    color: var(--ar-muted);
  }
  .problem {
    display: flex;
    gap: 5px;
    color: var(--vscode-foreground);
  }
  .problem ar-icon {
    color: var(--ar-error);
  }
`;
