/**
 * The frame round every panel: says whether the view is live and of which machine, shows what went wrong instead of a blank
 * page, and makes the view again on demand.
 */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { LinkMessage } from '../../protocol/panels.ts';
import { visibleText } from '../text/visibleText.ts';
import '../ui/button.ts';
import { ArElement, measures } from '../ui/element.ts';
import '../ui/icon.ts';
import '../ui/progressRing.ts';
import { t } from './strings.ts';

/** Why there is nothing to see: the view broke, or the host has not sent it anything yet. */
export type Trouble = { kind: 'failure'; message: string } | { kind: 'silence' };

export class ArFrame extends ArElement {
  static override properties: PropertyDeclarations = { link: { attribute: false }, trouble: { attribute: false } };
  static override styles = [
    measures,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100%;
        overflow: hidden;
        background: var(--vscode-editor-background);
      }
      .banner,
      .trouble {
        display: flex;
        align-items: center;
        gap: var(--ar-gap-m);
        padding: 6px 16px;
        border-bottom: 1px solid var(--ar-line);
      }
      .banner {
        background: var(--vscode-inputValidation-warningBackground, transparent);
        color: var(--vscode-inputValidation-warningForeground, var(--vscode-foreground));
      }
      .trouble {
        background: var(--vscode-inputValidation-errorBackground, transparent);
        color: var(--vscode-inputValidation-errorForeground, var(--vscode-foreground));
      }
      .words {
        flex: 1;
        overflow-wrap: anywhere;
      }
      .panel {
        flex: 1;
        min-height: 0;
        display: flex;
        flex-direction: column;
      }
      ::slotted(*) {
        flex: 1;
        min-height: 0;
      }
    `,
  ];
  declare link: LinkMessage | null;
  declare trouble: Trouble | null;
  /** Throws the panel away and makes it again. */
  declare reload: () => void;
  declare reconnect: () => void;

  constructor() {
    super();
    this.link = null;
    this.trouble = null;
    this.reload = () => undefined;
    this.reconnect = () => undefined;
  }

  protected override render() {
    return html`<div role="status">${this.#banner()}</div>
      ${this.#trouble()}
      <main class="panel"><slot></slot></main>`;
  }

  #banner(): TemplateResult | typeof nothing {
    if (this.link === null || this.link.state === 'connected') return nothing;
    const { state } = this.link;
    const host = visibleText(this.link.host);
    if (state === 'reconnecting')
      return html`<div class="banner">
        <ar-progress-ring label=${t('Reconnecting')}></ar-progress-ring>
        <span class="words"
          >${t('Reconnecting to {0}. Runs go on there; this view shows what was known last.', host)}</span
        >
      </div>`;
    return html`<div class="banner">
      <ar-icon name="warning"></ar-icon>
      <span class="words"
        >${t('The agent server on {0} is not running. This view shows what was known last.', host)}</span
      >
      <ar-button appearance="secondary" @click=${this.reconnect}>${t('Connect')}</ar-button>
    </div>`;
  }

  #trouble(): TemplateResult | typeof nothing {
    if (this.trouble === null) return nothing;
    const words =
      this.trouble.kind === 'silence'
        ? t('The extension has not answered yet. It may be starting.')
        : t('This view met an error: {0}', this.trouble.message);
    return html`<div class="trouble" role="alert">
      <ar-icon name="error"></ar-icon>
      <span class="words">${words}</span>
      <ar-button appearance="secondary" @click=${this.reload}>${t('Reload View')}</ar-button>
    </div>`;
  }
}
customElements.define('ar-frame', ArFrame);

/** Which machine this is, for the head of a panel. */
export class ArMachine extends ArElement {
  static override properties: PropertyDeclarations = { link: { attribute: false } };
  static override styles = css`
    :host {
      display: inline-flex;
      align-items: center;
      gap: 4px;
      color: var(--ar-muted);
      font-size: var(--ar-small);
      white-space: nowrap;
    }
  `;
  declare link: LinkMessage | null;

  constructor() {
    super();
    this.link = null;
  }

  protected override render() {
    if (this.link === null) return nothing;
    return html`<ar-icon name="server"></ar-icon><span title=${t('The machine that this is on')}>${visibleText(this.link.host)}</span>`;
  }
}
customElements.define('ar-machine', ArMachine);
