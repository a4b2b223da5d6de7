import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { ArElement, focusRing } from './element.ts';
import './icon.ts';
import { rowAfterKey, rowWindow, scrollToShow } from './rowWindow.ts';

export interface Column<Row> {
  id: string;
  label: string;
  align?: 'start' | 'end';
  /** A CSS width of the grid, `minmax(80px, 1fr)` by default. */
  width?: string;
  sortable?: boolean;
  /** Text, or a template of inert elements. */
  cell: (row: Row) => string | TemplateResult | typeof nothing;
}

export interface Sort {
  column: string;
  descending: boolean;
}

const rowHeight = 22;

/**
 * A grid of rows that are all equally high, of any number: only those in view are drawn. One row has the focus and arrows
 * move it; `ar-select` tells the key of the row that was clicked or moved to, `ar-activate` of one that Enter or a double
 * click opened, `ar-sort` the order that a person asked for: its user sorts.
 */
export class ArTable<Row = unknown> extends ArElement {
  static override properties: PropertyDeclarations = {
    columns: { attribute: false },
    rows: { attribute: false },
    rowKey: { attribute: false },
    selected: { attribute: false },
    sort: { attribute: false },
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
      .grid {
        height: 100%;
        overflow: auto;
        position: relative;
        outline: none;
      }
      .header {
        position: sticky;
        top: 0;
        z-index: 1;
        background: var(--vscode-editor-background);
        border-bottom: 1px solid var(--ar-line);
        font-weight: 600;
      }
      [role='row'] {
        display: grid;
        grid-template-columns: var(--columns);
        height: ${rowHeight}px;
        min-width: max-content;
      }
      .space {
        position: relative;
      }
      .space [role='row'] {
        position: absolute;
        left: 0;
        right: 0;
        cursor: default;
        box-sizing: border-box;
      }
      .space [role='row']:hover {
        background: var(--ar-hover);
      }
      .space [role='row'][aria-selected='true'] {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground);
        outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      [role='gridcell'],
      [role='columnheader'] {
        padding: 0 8px;
        line-height: ${rowHeight}px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .end {
        text-align: end;
        font-variant-numeric: tabular-nums;
      }
      button {
        font: inherit;
        color: inherit;
        background: none;
        border: none;
        padding: 0;
        cursor: pointer;
        display: inline-flex;
        align-items: center;
      }
    `,
  ];
  declare columns: readonly Column<Row>[];
  declare rows: readonly Row[];
  declare rowKey: (row: Row) => string | number;
  declare selected: string | number | null;
  declare sort: Sort | null;
  declare label: string;
  declare protected current: number;
  declare protected scrolled: number;
  declare protected height: number;

  readonly #size = new ResizeObserver(() => {
    this.height = this.clientHeight;
  });

  constructor() {
    super();
    this.columns = [];
    this.rows = [];
    this.rowKey = (row) => String(row);
    this.selected = null;
    this.sort = null;
    this.label = '';
    this.current = 0;
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

  /** Brings a row into view and gives it the place of the keyboard; the focus itself stays where it is. */
  reveal(key: string | number): void {
    const row = this.rows.findIndex((candidate) => this.rowKey(candidate) === key);
    if (row >= 0) this.#show(row);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('rows')) this.current = Math.min(this.current, Math.max(0, this.rows.length - 1));
  }

  protected override render() {
    const { from, to } = rowWindow(this.scrolled, this.height, rowHeight, this.rows.length);
    // The row with the focus stays in the document, wherever it was scrolled to: else the keyboard would lose its place.
    const kept = this.current < from || this.current >= to ? this.current : -1;
    const drawn = this.rows.slice(from, to).map((row, index) => ({ row, index: from + index }));
    const keptRow = this.rows[kept];
    if (keptRow !== undefined) drawn.push({ row: keptRow, index: kept });
    const widths = this.columns.map(({ width }) => width ?? 'minmax(80px, 1fr)').join(' ');
    return html`<div
      class="grid"
      role="grid"
      aria-label=${this.label}
      aria-rowcount=${this.rows.length + 1}
      aria-colcount=${this.columns.length}
      .style=${`--columns: ${widths}`}
      @scroll=${this.#scroll}
      @keydown=${this.#key}
    >
      <div class="header" role="rowgroup">
        <div role="row" aria-rowindex="1">${this.columns.map((column) => this.#header(column))}</div>
      </div>
      <div class="space" role="rowgroup" .style=${`height: ${this.rows.length * rowHeight}px`}>
        ${repeat(
          drawn,
          ({ row }) => this.rowKey(row),
          ({ row, index }) => this.#row(row, index),
        )}
      </div>
    </div>`;
  }

  #header(column: Column<Row>): TemplateResult {
    const sorted = this.sort?.column === column.id ? (this.sort.descending ? 'descending' : 'ascending') : 'none';
    const mark =
      sorted === 'none'
        ? nothing
        : html`<ar-icon name=${sorted === 'ascending' ? 'chevronUp' : 'chevronDown'}></ar-icon>`;
    return html`<div
      role="columnheader"
      class=${column.align ?? 'start'}
      aria-sort=${column.sortable === true ? sorted : nothing}
    >
      ${
        column.sortable === true
          ? html`<button type="button" @click=${() => this.#sortBy(column.id)}>${column.label}${mark}</button>`
          : column.label
      }
    </div>`;
  }

  #row(row: Row, index: number): TemplateResult {
    const key = this.rowKey(row);
    return html`<div
      role="row"
      aria-rowindex=${index + 2}
      aria-selected=${key === this.selected}
      tabindex=${index === this.current ? 0 : -1}
      data-row=${index}
      .style=${`top: ${index * rowHeight}px`}
      @click=${() => this.#select(index)}
      @dblclick=${() => this.emit('ar-activate', key)}
    >
      ${this.columns.map(
        (column) => html`<div role="gridcell" class=${column.align ?? 'start'}>${column.cell(row)}</div>`,
      )}
    </div>`;
  }

  #scroll(event: Event): void {
    if (event.currentTarget instanceof Element) this.scrolled = event.currentTarget.scrollTop;
  }

  #sortBy(column: string): void {
    const descending = this.sort?.column === column && !this.sort.descending;
    this.emit<Sort>('ar-sort', { column, descending });
  }

  #show(index: number): void {
    this.current = index;
    const grid = this.renderRoot.querySelector('.grid');
    if (grid === null) return;
    grid.scrollTop = scrollToShow(index, grid.scrollTop, this.height, rowHeight, rowHeight);
    this.scrolled = grid.scrollTop;
  }

  #select(index: number): void {
    const row = this.rows[index];
    if (row === undefined) return;
    this.#show(index);
    this.selected = this.rowKey(row);
    this.emit('ar-select', this.selected);
  }

  async #key(event: KeyboardEvent): Promise<void> {
    if (!(event.target instanceof HTMLElement) || event.target.dataset.row === undefined) return;
    const row = this.rows[this.current];
    if (event.key === 'Enter' && row !== undefined) {
      event.preventDefault();
      this.emit('ar-activate', this.rowKey(row));
      return;
    }
    const page = Math.max(1, Math.floor(this.height / rowHeight) - 2);
    const target = rowAfterKey(event.key, this.current, this.rows.length, page);
    if (target === null) return;
    event.preventDefault();
    this.#select(target);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`[data-row="${target}"]`)?.focus({ preventScroll: true });
  }
}
customElements.define('ar-table', ArTable);
