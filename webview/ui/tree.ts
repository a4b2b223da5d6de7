import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { ArElement, focusRing } from './element.ts';
import './icon.ts';
import type { IconName } from './icon.ts';
import { rowWindow, scrollToShow } from './rowWindow.ts';
import { flatTree, type TreeRow, treeStep } from './treeRows.ts';

export interface TreeItem {
  id: string;
  label: string;
  /** Muted, behind the label. */
  description?: string;
  icon?: IconName;
  /** In words, for screen readers, where label and description leave something out that colour or shape tell. */
  spoken?: string;
  /** Absent: it has none. Empty and `expandable`: they come when it is unfolded. */
  children?: readonly TreeItem[];
  expandable?: boolean;
}

const rowHeight = 22;

/**
 * A tree of any size: only rows in view are drawn. Arrow keys, Home, End and letters move as in VS Code's own trees.
 * `ar-select` tells the id of the row that was clicked or moved to, `ar-activate` of one to be opened, by a click as in VS Code's
 * trees or by Enter, `ar-toggle` of one that is folded or unfolded: `expanded` is changed by the tree itself.
 */
export class ArTree extends ArElement {
  static override properties: PropertyDeclarations = {
    items: { attribute: false },
    expanded: { attribute: false },
    selected: { attribute: false },
    label: { type: String },
    current: { state: true },
    scrolled: { state: true },
    height: { state: true },
  };
  static override styles = [
    focusRing,
    css`
      :host {
        display: block;
        min-height: 66px;
        overflow: hidden;
      }
      .tree {
        height: 100%;
        overflow: auto;
      }
      .space {
        position: relative;
      }
      [role='treeitem'] {
        position: absolute;
        left: 0;
        right: 0;
        height: ${rowHeight}px;
        line-height: ${rowHeight}px;
        display: flex;
        align-items: center;
        gap: 4px;
        cursor: default;
        white-space: nowrap;
        overflow: hidden;
        box-sizing: border-box;
      }
      [role='treeitem']:hover {
        background: var(--ar-hover);
      }
      [aria-selected='true'] {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground);
        outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      .twistie {
        width: 16px;
        flex: none;
      }
      .label {
        flex: none;
      }
      .description {
        color: var(--ar-muted);
        font-size: var(--ar-small);
        overflow: hidden;
        text-overflow: ellipsis;
      }
      [aria-selected='true'] .description {
        color: inherit;
      }
    `,
  ];
  declare items: readonly TreeItem[];
  declare expanded: ReadonlySet<string>;
  declare selected: string | null;
  declare label: string;
  declare protected current: string | null;
  declare protected scrolled: number;
  declare protected height: number;

  #rows: TreeRow[] = [];
  readonly #size = new ResizeObserver(() => {
    this.height = this.clientHeight;
  });

  constructor() {
    super();
    this.items = [];
    this.expanded = new Set();
    this.selected = null;
    this.label = '';
    this.current = null;
    this.scrolled = 0;
    this.height = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#size.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
  }

  /** Brings an item into view, if the items above it are unfolded. */
  reveal(id: string): void {
    const index = this.#rows.findIndex(({ item }) => item.id === id);
    if (index >= 0) this.#show(index);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('items') || changed.has('expanded')) this.#rows = flatTree(this.items, this.expanded);
    if (!this.#rows.some(({ item }) => item.id === this.current)) this.current = this.#rows[0]?.item.id ?? null;
  }

  protected override render() {
    const { from, to } = rowWindow(this.scrolled, this.height, rowHeight, this.#rows.length);
    const drawn = this.#rows.slice(from, to).map((row, index) => ({ row, index: from + index }));
    const current = this.#currentIndex();
    const kept = this.#rows[current];
    if (kept !== undefined && (current < from || current >= to)) drawn.push({ row: kept, index: current });
    return html`<div class="tree" role="tree" aria-label=${this.label} @scroll=${this.#scroll} @keydown=${this.#key}>
      <div class="space" role="none" .style=${`height: ${this.#rows.length * rowHeight}px`}>
        ${repeat(
          drawn,
          ({ row }) => row.item.id,
          ({ row, index }) => this.#row(row, index),
        )}
      </div>
    </div>`;
  }

  #row({ item, level, position, siblings, expandable, expanded }: TreeRow, index: number): TemplateResult {
    const twistie = expandable ? html`<ar-icon name=${expanded ? 'chevronDown' : 'chevronRight'}></ar-icon>` : nothing;
    const open = () => {
      this.#select(index);
      this.emit('ar-activate', item.id);
    };
    return html`<div
      role="treeitem"
      aria-level=${level}
      aria-posinset=${position}
      aria-setsize=${siblings}
      aria-expanded=${expandable ? expanded : nothing}
      aria-selected=${item.id === this.selected}
      aria-label=${item.spoken ?? nothing}
      tabindex=${item.id === this.current ? 0 : -1}
      data-row=${index}
      .style=${`top: ${index * rowHeight}px; padding-left: ${4 + (level - 1) * 12}px`}
      @click=${open}
    >
      <span class="twistie" @click=${(event: Event) => this.#twist(event, item.id)}>${twistie}</span>
      ${item.icon === undefined ? nothing : html`<ar-icon name=${item.icon}></ar-icon>`}
      <span class="label">${item.label}</span>
      <span class="description">${item.description ?? nothing}</span>
    </div>`;
  }

  #currentIndex(): number {
    return this.#rows.findIndex(({ item }) => item.id === this.current);
  }

  #scroll(event: Event): void {
    if (event.currentTarget instanceof Element) this.scrolled = event.currentTarget.scrollTop;
  }

  #twist(event: Event, id: string): void {
    event.stopPropagation();
    this.#toggle(id);
  }

  #toggle(id: string): void {
    const expanded = new Set(this.expanded);
    if (!expanded.delete(id)) expanded.add(id);
    this.expanded = expanded;
    this.emit('ar-toggle', id);
  }

  #show(index: number): void {
    const row = this.#rows[index];
    const tree = this.renderRoot.querySelector('.tree');
    if (row === undefined || tree === null) return;
    this.current = row.item.id;
    tree.scrollTop = scrollToShow(index, tree.scrollTop, this.height, rowHeight);
    this.scrolled = tree.scrollTop;
  }

  #select(index: number): void {
    const row = this.#rows[index];
    if (row === undefined) return;
    this.#show(index);
    this.selected = row.item.id;
    this.emit('ar-select', row.item.id);
  }

  async #key(event: KeyboardEvent): Promise<void> {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.height / rowHeight) - 1);
    const step = treeStep(event.key, this.#currentIndex(), this.#rows, page);
    if (step === null) return;
    event.preventDefault();
    if (step.kind === 'toggle') this.#toggle(step.id);
    else if (step.kind === 'activate') this.emit('ar-activate', step.id);
    else {
      this.#select(step.index);
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>(`[data-row="${step.index}"]`)?.focus({ preventScroll: true });
    }
  }
}
customElements.define('ar-tree', ArTree);
