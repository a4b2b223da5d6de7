/** A menu of what can be done with one candidate, where it was asked for: at the pointer, or at the row with the focus. */
import { css, html, nothing, type PropertyDeclarations } from 'lit';
import type { PanelCommand } from '../../protocol/panels.ts';
import type { Candidate, CandidateId, RunSummary } from '../../protocol/run.ts';
import { t } from '../frame/strings.ts';
import { ArElement } from '../ui/element.ts';
import '../ui/icon.ts';
import { candidateActions } from './candidateActions.ts';

/** `detail` of `aira-menu`, which bubbles up to the dashboard. */
export interface CandidateMenuDetail {
  candidate: CandidateId;
  clientX: number;
  clientY: number;
}

export interface MenuChoice {
  command: PanelCommand;
  candidate: CandidateId;
}

/** `ar-activate` tells what was chosen. */
export class AiraCandidateMenu extends ArElement {
  static override properties: PropertyDeclarations = { candidate: { attribute: false }, summary: { attribute: false } };
  static override styles = css`
    .menu {
      position: fixed;
      left: 0;
      top: 0;
      z-index: 20;
      min-width: 200px;
      padding: 4px;
      background: var(--vscode-menu-background, var(--vscode-editor-background));
      color: var(--vscode-menu-foreground, var(--vscode-foreground));
      border: 1px solid var(--vscode-menu-border, var(--ar-line));
      border-radius: 5px;
      box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    }
    .menu:focus {
      outline: none;
    }
    [role='menuitem'] {
      display: flex;
      align-items: center;
      gap: 8px;
      padding: 0 8px;
      line-height: 24px;
      border-radius: 3px;
      cursor: default;
      white-space: nowrap;
    }
    [role='menuitem']:focus {
      background: var(--vscode-menu-selectionBackground);
      color: var(--vscode-menu-selectionForeground, inherit);
      outline: 1px solid var(--vscode-menu-selectionBorder, transparent);
      outline-offset: -1px;
    }
    [role='separator'] {
      height: 1px;
      margin: 4px 0;
      background: var(--vscode-menu-separatorBackground, var(--ar-line));
    }
    @media (forced-colors: active) {
      [role='menuitem']:focus {
        outline: 2px solid Highlight;
      }
    }
  `;
  /** null: closed. */
  declare candidate: Candidate | null;
  declare summary: RunSummary | null;
  #at = { clientX: 0, clientY: 0 };
  #before: HTMLElement | null = null;

  constructor() {
    super();
    this.candidate = null;
    this.summary = null;
  }

  async open(candidate: Candidate, summary: RunSummary, at: { clientX: number; clientY: number }): Promise<void> {
    this.#before = focused();
    this.#at = at;
    this.candidate = candidate;
    this.summary = summary;
    await this.updateComplete;
    this.#place();
    this.#items()[0]?.focus();
  }

  close(): void {
    if (this.candidate === null) return;
    this.candidate = null;
    this.#before?.focus({ preventScroll: true });
    this.#before = null;
  }

  protected override render() {
    const { candidate, summary } = this;
    if (candidate === null || summary === null) return nothing;
    const groups = candidateActions(candidate, summary).filter((group) => group.length > 0);
    return html`<div
      class="menu"
      role="menu"
      aria-label=${t('Candidate {0}', candidate.id)}
      @keydown=${this.#key}
      @focusout=${this.#left}
      @contextmenu=${(event: Event) => event.preventDefault()}
    >
      ${groups.map(
        (group, index) =>
          html`${index === 0 ? nothing : html`<div role="separator"></div>`}${group.map(
            ({ command, label, icon }) => html`<div
            role="menuitem"
            tabindex="-1"
            @click=${() => this.#choose(command)}
            @pointermove=${(event: PointerEvent) => {
              if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
            }}
          >
            <ar-icon name=${icon}></ar-icon>${label}
          </div>`,
          )}`,
      )}
    </div>`;
  }

  #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  }

  #place(): void {
    const menu = this.renderRoot.querySelector<HTMLElement>('.menu');
    if (menu === null) return;
    const { clientX, clientY } = this.#at;
    const left = Math.max(2, Math.min(clientX, window.innerWidth - menu.offsetWidth - 2));
    const top = Math.max(2, Math.min(clientY, window.innerHeight - menu.offsetHeight - 2));
    menu.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  #choose(command: PanelCommand): void {
    const candidate = this.candidate?.id;
    this.close();
    if (candidate !== undefined) this.emit<MenuChoice>('ar-activate', { command, candidate });
  }

  #key(event: KeyboardEvent): void {
    const items = this.#items();
    const index = items.findIndex((item) => item.matches(':focus'));
    const goals: Record<string, number> = {
      ArrowDown: (index + 1) % items.length,
      ArrowUp: (index - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const goal = goals[event.key];
    if (goal !== undefined) items[goal]?.focus();
    else if (event.key === 'Enter' || event.key === ' ') items[index]?.click();
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #left(event: FocusEvent): void {
    const next = event.relatedTarget;
    if (next instanceof Node && this.renderRoot.contains(next)) return;
    this.candidate = null;
  }
}
customElements.define('aira-candidate-menu', AiraCandidateMenu);

/** What has the focus, however many shadow trees deep. */
function focused(): HTMLElement | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement ? element : null;
}
