import { vsCodePanels, vsCodePanelTab, vsCodePanelView } from '@vscode/webview-ui-toolkit';
import { css, html, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { ArElement } from './element.ts';
import { useToolkit } from './toolkit.ts';

useToolkit(vsCodePanels(), vsCodePanelTab(), vsCodePanelView());

export interface Tab {
  id: string;
  label: string;
}

/**
 * Views of which one is shown; the content of each goes into the slot of its id. With `fill`, the view is as high as the
 * element, not as its content. `ar-select` tells the id.
 */
export class ArTabs extends ArElement {
  static override properties: PropertyDeclarations = {
    tabs: { attribute: false },
    selected: { type: String },
    label: { type: String },
  };
  static override styles = css`
    :host {
      display: block;
    }
    tk-panel-view {
      padding: 0;
    }
    tk-panels::part(tablist) {
      padding: 0;
      column-gap: 20px;
      border-bottom: 1px solid var(--ar-line);
    }
    :host([fill]) {
      display: flex;
      min-height: 0;
    }
    :host([fill]) tk-panels {
      flex: 1;
      min-width: 0;
      overflow: hidden;
    }
    :host([fill]) tk-panels::part(tabpanel) {
      min-height: 0;
      min-width: 0;
    }
    :host([fill]) tk-panel-view {
      height: 100%;
    }
    :host([fill]) ::slotted(*) {
      flex: 1;
      min-width: 0;
      min-height: 0;
    }
  `;
  declare tabs: readonly Tab[];
  declare selected: string;
  declare label: string;

  constructor() {
    super();
    this.tabs = [];
    this.selected = '';
    this.label = '';
  }

  protected override render() {
    return html`<tk-panels
      activeid=${`tab-${this.selected}`}
      aria-label=${this.label}
      @change=${this.#change}
      >${repeat(
        this.tabs,
        (tab) => tab.id,
        (tab) => html`<tk-panel-tab id=${`tab-${tab.id}`} aria-label=${tab.label}>${tab.label}</tk-panel-tab>`,
      )}${repeat(
        this.tabs,
        (tab) => tab.id,
        (tab) => html`<tk-panel-view id=${`view-${tab.id}`}><slot name=${tab.id}></slot></tk-panel-view>`,
      )}</tk-panels
    >`;
  }

  #change(event: Event): void {
    event.stopPropagation();
    // The attribute follows the property only later.
    const panels = this.renderRoot.querySelector<HTMLElement & { activeid: string }>('tk-panels');
    const id = panels?.activeid.replace(/^tab-/, '');
    if (id === undefined || id === this.selected || !this.tabs.some((tab) => tab.id === id)) return;
    this.selected = id;
    this.emit('ar-select', id);
  }
}
customElements.define('ar-tabs', ArTabs);
