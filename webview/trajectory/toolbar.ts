/** Finding one's way in a trajectory: words, failures, the submission, and how much of it is folded. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { t } from '../frame/strings.ts';
import '../ui/button.ts';
import { ArElement } from '../ui/element.ts';
import '../ui/icon.ts';
import type { IconName } from '../ui/icon.ts';
import '../ui/progressRing.ts';
import '../ui/textField.ts';

/** What the toolbar asks of its panel. */
export type Wish =
  | { kind: 'search'; words: string }
  | { kind: 'match'; direction: 1 | -1 }
  | { kind: 'landmark'; what: 'failure' | 'submission'; direction: 1 | -1 }
  | { kind: 'fold'; all: boolean };

export class ArTrajectoryToolbar extends ArElement {
  static override properties: PropertyDeclarations = {
    words: { attribute: false },
    found: { attribute: false },
    reading: { attribute: false },
    failures: { attribute: false },
    submits: { attribute: false },
    folded: { attribute: false },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 4px 12px;
      padding: 4px 16px 6px;
      border-bottom: 1px solid var(--ar-line);
    }
    .group {
      display: inline-flex;
      align-items: center;
      gap: 2px;
    }
    ar-text-field {
      width: 240px;
    }
    .count {
      padding: 0 6px;
      color: var(--ar-muted);
      font-size: var(--ar-small);
      white-space: nowrap;
    }
    .none {
      color: var(--vscode-foreground);
    }
    .end {
      margin-left: auto;
    }
  `;
  declare words: string;
  /** Times the words were found so far, and the place among the rows that have them, from 1; null: nothing is looked for. */
  declare found: { times: number; rows: number; at: number } | null;
  /** Share of the trajectory that has been searched, while not all of it has; null: all. */
  declare reading: number | null;
  declare failures: number;
  declare submits: boolean;
  declare folded: boolean;
  declare ask: (wish: Wish) => void;

  constructor() {
    super();
    this.words = '';
    this.found = null;
    this.reading = null;
    this.failures = 0;
    this.submits = false;
    this.folded = false;
  }

  focusSearch(): void {
    this.renderRoot.querySelector<HTMLElement>('ar-text-field')?.focus();
  }

  protected override render() {
    const { failures } = this;
    return html`<div class="group" role="search">
        <ar-text-field
          hide-label
          label=${t('Search in this trajectory')}
          placeholder=${t('Search (press /)')}
          .value=${this.words}
          @ar-input=${(event: CustomEvent<{ value: string }>) => this.ask({ kind: 'search', words: event.detail.value })}
          @keydown=${this.#key}
        ></ar-text-field>
        <span class=${this.found === null ? '' : 'count'} role="status">${this.#count()}</span>
        ${
          this.found === null
            ? nothing
            : this.#arrows(
                this.found.rows > 0,
                { kind: 'match', direction: -1 },
                t('Previous match (N)'),
                { kind: 'match', direction: 1 },
                t('Next match (n)'),
              )
        }
      </div>
      ${
        failures === 0
          ? nothing
          : html`<div class="group">
              <span class="count">${failures === 1 ? t('1 failure') : t('{0} failures', failures)}</span>
              ${this.#arrows(
                true,
                { kind: 'landmark', what: 'failure', direction: -1 },
                t('Previous failure (E)'),
                { kind: 'landmark', what: 'failure', direction: 1 },
                t('Next failure (e)'),
              )}
            </div>`
      }
      ${
        this.submits
          ? html`<ar-button
              appearance="secondary"
              label=${t('Go to the submission (s)')}
              @click=${() => this.ask({ kind: 'landmark', what: 'submission', direction: 1 })}
              ><ar-icon name="submit"></ar-icon>${t('Submission')}</ar-button
            >`
          : nothing
      }
      <ar-button
        class="end"
        appearance="icon"
        label=${this.folded ? t('Unfold all steps') : t('Fold all steps')}
        @click=${() => this.ask({ kind: 'fold', all: !this.folded })}
        ><ar-icon name=${this.folded ? 'unfold' : 'fold'}></ar-icon
      ></ar-button>`;
  }

  #count(): TemplateResult | string {
    if (this.found === null) return '';
    const { times, rows, at } = this.found;
    const so = this.reading === null ? '' : ` (${t('{0} % searched', Math.floor(this.reading * 100))})`;
    if (times === 0) return this.reading === null ? html`<span class="none">${t('Nothing found')}</span>` : so.trim();
    return at > 0 ? t('{0} of {1} steps', at, rows) + so : (times === 1 ? t('once') : t('{0} times', times)) + so;
  }

  #arrows(enabled: boolean, back: Wish, backLabel: string, on: Wish, onLabel: string): TemplateResult {
    const arrow = (wish: Wish, label: string, name: IconName) =>
      html`<ar-button appearance="icon" label=${label} ?disabled=${!enabled} @click=${() => this.ask(wish)}
        ><ar-icon name=${name}></ar-icon
      ></ar-button>`;
    return html`${arrow(back, backLabel, 'chevronUp')}${arrow(on, onLabel, 'chevronDown')}`;
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Enter') this.ask({ kind: 'match', direction: event.shiftKey ? -1 : 1 });
    else if (event.key === 'Escape') this.ask({ kind: 'search', words: '' });
    else return;
    event.preventDefault();
  }
}
customElements.define('ar-trajectory-toolbar', ArTrajectoryToolbar);
