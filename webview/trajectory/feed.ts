/** The rows of a trajectory, of which only those in view are in the document. */
import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../frame/strings.ts';
import { onThemeChange } from '../frame/theme.ts';
import { type AnsiPalette, readAnsiPalette } from '../text/ansiStyle.ts';
import { textStyles } from '../text/style.ts';
import '../ui/button.ts';
import { ArElement } from '../ui/element.ts';
import '../ui/icon.ts';
import '../ui/link.ts';
import '../ui/progressRing.ts';
import { estimatedHeight } from './estimate.ts';
import { eventSummary, eventView } from './eventView.ts';
import { feedStyles } from './feedStyle.ts';
import type { Row } from './rows.ts';
import { type FullOutput, plainView, type RowActions, type RowContext, type RowView } from './rowView.ts';
import { stepSummary, stepView } from './stepView.ts';
import { firstMark, markWords } from './textMarks.ts';

/** Nearer to the end than this, in pixels, the view follows what comes. */
const endZone = 40;

type Options = VirtualizerOptions<HTMLElement, HTMLElement>;

/**
 * Emits `ar-change` with the place of the row that has become the current one, and `ar-select` with the first and last place
 * in view. While the end is in view it stays in view; else nothing that comes in moves what is being read.
 */
export class ArTrajectoryFeed extends ArElement {
  static override properties: PropertyDeclarations = {
    rows: { attribute: false },
    views: { attribute: false },
    outputs: { attribute: false },
    pattern: { attribute: false },
    current: { attribute: false },
    live: { attribute: false },
    allFolded: { attribute: false },
  };
  static override styles = [textStyles, feedStyles];
  declare rows: readonly Row[];
  declare views: ReadonlyMap<string, RowView>;
  declare outputs: ReadonlyMap<number, FullOutput>;
  /** Words to mark. */
  declare pattern: RegExp | null;
  /** Place of the row that has the keyboard. */
  declare current: number;
  declare live: boolean;
  declare actions: RowActions;

  #virtualizer: Virtualizer<HTMLElement, HTMLElement> | null = null;
  #unmount: () => void = () => undefined;
  #palette: AnsiPalette = readAnsiPalette();
  #endTheme: () => void = () => undefined;
  #inView = { first: -1, last: -1 };
  #seen = 0;

  constructor() {
    super();
    this.rows = [];
    this.views = new Map();
    this.outputs = new Map();
    this.pattern = null;
    this.current = 0;
    this.live = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#endTheme = onThemeChange(() => {
      this.#palette = readAnsiPalette();
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#endTheme();
    this.#unmount();
    this.#virtualizer = null;
    markWords(this, null, null);
  }

  /** Whether what comes next will be in view. */
  get atEnd(): boolean {
    return this.#virtualizer?.isAtEnd(endZone) ?? true;
  }

  /** Whether the keyboard is in a row. */
  get hasFocus(): boolean {
    return this.shadowRoot?.activeElement instanceof HTMLElement;
  }

  scrollToEnd(): void {
    this.#virtualizer?.scrollToEnd();
    this.requestUpdate();
  }

  /** All rows have become higher or lower: what was measured of those out of view holds no longer. */
  async forgetSizes(): Promise<void> {
    await this.updateComplete;
    this.#virtualizer?.measure();
    await this.updateComplete;
    this.show(this.current, 'start');
  }

  /** Brings a row into view; one that is higher than the view with its beginning. */
  show(place: number, align: 'auto' | 'start' = 'auto'): void {
    const virtualizer = this.#virtualizer;
    if (virtualizer === null || place < 0) return;
    const size = virtualizer.measurementsCache[place]?.size ?? 0;
    const isHigh = size > (virtualizer.scrollRect?.height ?? 0) * 0.8;
    virtualizer.scrollToIndex(place, { align: isHigh ? 'start' : align });
  }

  /** Brings the first place of a row that has the words into view, once the row is drawn. */
  async showWords(place: number, pattern: RegExp): Promise<void> {
    this.show(place);
    for (let tries = 0; tries < 10; tries++) {
      await this.updateComplete;
      await new Promise(requestAnimationFrame);
      const row = this.#article(place);
      const range = row === null ? null : firstMark(row, pattern);
      if (range === null) continue;
      const box = range.getBoundingClientRect();
      const view = this.getBoundingClientRect();
      if (box.top < view.top + 20 || box.bottom > view.bottom - 40)
        this.#virtualizer?.scrollBy(box.top - view.top - view.height / 3);
      return;
    }
  }

  async focusRow(place: number): Promise<void> {
    await this.updateComplete;
    for (let tries = 0; tries < 10 && this.#article(place) === null; tries++) await new Promise(requestAnimationFrame);
    this.#article(place)?.focus({ preventScroll: true });
  }

  #article(place: number): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`article[data-index="${place}"]`);
  }

  #view(row: Row): RowView {
    return this.views.get(row.key) ?? plainView;
  }

  #options(): Options {
    return {
      count: this.rows.length,
      getScrollElement: () => this.renderRoot.querySelector<HTMLElement>('.scroller'),
      estimateSize: (place) => {
        const row = this.rows[place];
        return row === undefined ? 0 : estimatedHeight(row, this.#view(row));
      },
      getItemKey: (place) => this.rows[place]?.key ?? place,
      overscan: 3,
      anchorTo: 'end',
      followOnAppend: true,
      scrollEndThreshold: endZone,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      // The row with the keyboard stays, wherever it was scrolled to: else the keyboard would lose its place.
      rangeExtractor: (range) => {
        const places = defaultRangeExtractor(range);
        if (this.current < 0 || this.current >= this.rows.length || places.includes(this.current)) return places;
        return [...places, this.current].sort((a, b) => a - b);
      },
      onChange: () => this.requestUpdate(),
    };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.#virtualizer === null) {
      this.#virtualizer = new Virtualizer(this.#options());
      this.#unmount = this.#virtualizer._didMount();
    } else if (changed.has('rows') || changed.has('views') || changed.has('current')) {
      this.#virtualizer.setOptions(this.#options());
    }
  }

  protected override render() {
    const virtualizer = this.#virtualizer;
    const drawn = virtualizer?.getVirtualItems() ?? [];
    const fresh = this.rows.length - this.#seen;
    return html`<div class="scroller" @focusin=${this.#focus} @click=${this.#focus}>
        <div
          class="feed"
          role="feed"
          aria-label=${t('Steps')}
          aria-busy=${this.rows.some(({ kind }) => kind === 'gap')}
          .style=${`height: ${virtualizer?.getTotalSize() ?? 0}px`}
        >
          ${repeat(
            drawn,
            ({ key }) => key,
            ({ index, start, size }) => this.#row(index, start, size),
          )}
        </div>
      </div>
      ${
        this.atEnd || this.rows.length === 0 || !this.live
          ? nothing
          : html`<ar-button class="latest" appearance="secondary" @click=${this.scrollToEnd}
              ><ar-icon name="arrowDown"></ar-icon>${fresh > 0 ? t('Jump to latest ({0} new)', fresh) : t('Jump to latest')}</ar-button
            >`
      }`;
  }

  #row(place: number, start: number, size: number): TemplateResult {
    const row = this.rows[place];
    if (row === undefined) return html``;
    const view = this.#view(row);
    const full = this.#fullOutputs(row);
    const inner = guard([row, view, this.#palette, ...full], () => this.#inner(row, view));
    return html`<article
      class=${place === this.current ? 'current' : ''}
      data-index=${place}
      aria-posinset=${place + 1}
      aria-setsize=${this.rows.length}
      aria-label=${label(row)}
      tabindex=${place === this.current ? 0 : -1}
      .style=${`transform: translateY(${start}px)${row.kind === 'gap' ? `; height: ${size}px` : ''}`}
    >
      ${inner}
    </article>`;
  }

  #inner(row: Row, view: RowView): TemplateResult {
    const context: RowContext = {
      actions: this.actions,
      palette: this.#palette,
      fullOutput: (index) => this.outputs.get(index),
    };
    switch (row.kind) {
      case 'gap':
        return html`<div class="gap"><span>${t('Loading steps…')}</span></div>`;
      case 'step':
        return stepView(row, view, context);
      case 'event':
        return eventView(row, view, context);
    }
  }

  #fullOutputs(row: Row): (FullOutput | undefined)[] {
    if (row.kind === 'event') return [this.outputs.get(row.index)];
    if (row.kind === 'gap') return [];
    return row.acts.map(({ observation }) => (observation === null ? undefined : this.outputs.get(observation.index)));
  }

  protected override updated(): void {
    const virtualizer = this.#virtualizer;
    if (virtualizer === null) return;
    virtualizer._willUpdate();
    for (const article of this.renderRoot.querySelectorAll('article')) virtualizer.measureElement(article);
    virtualizer.measureElement(null);
    if (this.atEnd) this.#seen = this.rows.length;
    markWords(this.renderRoot, this.#article(this.current), this.pattern);
    const { range } = virtualizer;
    const inView = { first: range?.startIndex ?? -1, last: range?.endIndex ?? -1 };
    if (inView.first === this.#inView.first && inView.last === this.#inView.last) return;
    this.#inView = inView;
    this.emit('ar-select', inView);
  }

  #focus(event: Event): void {
    const article = event.target instanceof Element ? event.target.closest('article') : null;
    const place = Number(article?.dataset.index ?? -1);
    if (place >= 0 && place !== this.current) this.emit('ar-change', place);
  }
}
customElements.define('ar-trajectory-feed', ArTrajectoryFeed);

function label(row: Row): string {
  if (row.kind === 'gap') return t('Steps that are being loaded');
  return row.kind === 'step' ? `${t('Step {0}', row.event.step)}: ${stepSummary(row)}` : eventSummary(row.event);
}
