/** Curves, bands and bars by uPlot, with the axes, colours and movements of all our plots. */
import {
  css,
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
  unsafeCSS,
} from 'lit';
import uPlot from 'uplot';
import sheet from 'uplot/dist/uPlot.min.css';
import { t } from '../frame/strings.ts';
import { onThemeChange } from '../frame/theme.ts';
import { ArElement, focusRing } from '../ui/element.ts';
import { tickCount } from './axes.ts';
import { type Area, type Navigable, Navigation } from './navigation.ts';
import { type Palette, readPalette } from './palette.ts';
import { fontSize } from './plane.ts';
import type { Range } from './scoreScale.ts';
import type { Tick } from './ticks.ts';

export interface ChartSeries {
  label: string;
  /** One for each place of `ChartSpec.x`; null: nothing there. */
  values: (number | null)[];
  /** Of `Palette.series`, which also gives its dashes; or a colour with a meaning. */
  color: number | 'muted' | 'best';
  form: 'steps' | 'bars';
  width: number;
  /** Faintly, down to the bottom. */
  fill?: boolean;
  /** Not a line of its own, but the edge of a band. */
  edge?: boolean;
  dash?: number[];
}

export interface ChartLine {
  /** On the vertical axis. */
  position: number;
  label: string;
  kind: 'medal' | 'baseline' | 'limit';
}

export interface ChartSpec {
  /** Rising. */
  x: number[];
  series: ChartSeries[];
  /** Filled between two series, in the colour of the first. */
  bands: [upper: number, lower: number][];
  xDomain: Range;
  yDomain: Range;
  xTicks: (range: Range, count: number) => Tick[];
  yTicks: (range: Range, count: number) => Tick[];
  lines: ChartLine[];
  /** What the pointer learns at a place of `x`. */
  tooltip: (index: number) => TemplateResult | typeof nothing;
  /** A click there. */
  choose?: (index: number) => void;
}

/** Lines that stand for one of several things are told apart by more than colour. */
export const seriesDashes: readonly number[][] = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 2], [1, 2]];

export class AiraLineChart extends ArElement implements Navigable {
  static override properties: PropertyDeclarations = {
    spec: { attribute: false },
    label: { type: String },
    hover: { state: true },
  };
  static override styles = [
    focusRing,
    unsafeCSS(sheet),
    css`
      :host {
        display: block;
        position: relative;
        min-height: 0;
        overflow: hidden;
      }
      .ground {
        position: absolute;
        inset: 0;
        touch-action: none;
      }
      .uplot {
        font-family: inherit;
      }
      .u-vt .u-cursor-x,
      .u-hz .u-cursor-x {
        border-color: var(--ar-muted);
      }
      .tip {
        position: absolute;
        left: 0;
        top: 0;
        z-index: 2;
        max-width: min(340px, 70%);
        padding: 4px 8px;
        pointer-events: none;
        background: var(--vscode-editorHoverWidget-background, var(--vscode-editor-background));
        color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
        border: 1px solid var(--vscode-editorHoverWidget-border, var(--ar-line));
        border-radius: 3px;
        box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
        font-size: var(--ar-small);
      }
      .tip .muted {
        color: var(--ar-muted);
      }
    `,
  ];
  declare spec: ChartSpec | null;
  declare label: string;
  declare protected hover: { index: number; x: number; y: number } | null;

  #chart: uPlot | null = null;
  #palette: Palette | null = null;
  #navigation: Navigation | null = null;
  #built = '';
  #frame = 0;
  #unwatch: () => void = () => undefined;
  readonly #size = new ResizeObserver(() => this.#schedule());

  constructor() {
    super();
    this.spec = null;
    this.label = '';
    this.hover = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#size.observe(this);
    this.#unwatch = onThemeChange(() => {
      this.#palette = null;
      this.#schedule();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
    this.#unwatch();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#navigation?.end();
    this.#navigation = null;
    this.#chart?.destroy();
    this.#chart = null;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('spec')) this.hover = null;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('spec')) this.#schedule();
    this.#placeTip();
  }

  protected override render() {
    const tip = this.hover === null ? nothing : (this.spec?.tooltip(this.hover.index) ?? nothing);
    const keys = t('Arrow keys move, + and − zoom, 0 shows all.');
    return html`<div class="ground" role="group" tabindex="0" aria-label=${this.label} aria-description=${keys}></div>
      ${tip === nothing ? nothing : html`<div class="tip" aria-hidden="true">${tip}</div>`}`;
  }

  // ── Moving about ──

  domains(): { x: Range; y: Range } {
    const { xDomain = { from: 0, to: 1 }, yDomain = { from: 0, to: 1 } } = this.spec ?? {};
    return { x: xDomain, y: yDomain };
  }

  area(): Area {
    const over = this.#chart?.over;
    if (over === undefined) return { left: 0, top: 0, width: 1, height: 1 };
    const [own, inner] = [this.getBoundingClientRect(), over.getBoundingClientRect()];
    return { left: inner.left - own.left, top: inner.top - own.top, width: inner.width, height: inner.height };
  }

  moved(): void {
    this.hover = null;
    this.#schedule();
  }

  settled(): void {
    // Curves are drawn in full also while they move.
  }

  hovered(place: { x: number; y: number } | null): void {
    const index = place === null ? null : this.#indexAt(place);
    this.hover = index === null || place === null ? null : { index, ...place };
  }

  clicked(place: { x: number; y: number }): void {
    const index = this.#indexAt(place);
    if (index !== null) this.spec?.choose?.(index);
  }

  menu(): void {
    // There is none on curves.
  }

  #indexAt({ x, y }: { x: number; y: number }): number | null {
    const { left, top, width, height } = this.area();
    if (this.#chart === null || x < left || x > left + width || y < top || y > top + height) return null;
    return this.spec === null || this.spec.x.length === 0 ? null : this.#chart.posToIdx(x - left);
  }

  // ── Drawing ──

  #schedule(): void {
    if (this.#frame !== 0 || !this.isConnected) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { spec } = this;
    const ground = this.renderRoot.querySelector<HTMLElement>('.ground');
    const [width, height] = [this.clientWidth, this.clientHeight];
    if (spec === null || ground === null || width === 0 || height === 0) return;
    this.#navigation ??= new Navigation(ground, this);
    const fresh = this.#palette === null;
    this.#palette ??= readPalette();
    const signature = JSON.stringify(
      spec.series.map(({ color, form, width: w, edge, dash }) => [color, form, w, edge, dash]),
    );
    const data: uPlot.AlignedData = [spec.x, ...spec.series.map(({ values }) => values)];
    if (this.#chart === null || fresh || this.#built !== signature) {
      this.#chart?.destroy();
      this.#built = signature;
      this.#chart = new uPlot(this.#options(spec, this.#palette, width, height), data, ground);
    } else {
      if (this.#chart.width !== width || this.#chart.height !== height) this.#chart.setSize({ width, height });
      this.#chart.setData(data, false);
    }
    const [min, max] = this.#inView('x');
    // Sets off everything: the vertical axis asks for its range then.
    this.#chart.setScale('x', { min, max });
  }

  #inView(side: 'x' | 'y'): [from: number, to: number] {
    const { from, to } = this.#navigation?.[side] ?? this.domains()[side];
    return [from, to];
  }

  #options(spec: ChartSpec, palette: Palette, width: number, height: number): uPlot.Options {
    const font = `${fontSize}px ${getComputedStyle(this).fontFamily || 'sans-serif'}`;
    const axis = (side: 'x' | 'y'): uPlot.Axis => {
      let ticks: Tick[] = [];
      return {
        scale: side,
        stroke: palette.muted,
        font,
        size: side === 'x' ? 28 : 64,
        gap: side === 'x' ? 4 : 6,
        grid: { show: side === 'y', stroke: palette.outline === null ? palette.grid : faint(palette.grid), width: 1 },
        ticks: { show: side === 'x', stroke: palette.muted, width: 1, size: 4 },
        border: { show: side === 'x', stroke: palette.muted, width: 1 },
        splits: (chart, _axis, min, max) => {
          const length = side === 'x' ? chart.bbox.width : chart.bbox.height;
          const count = tickCount(length / window.devicePixelRatio, side === 'x' ? 90 : 44);
          const make = side === 'x' ? this.spec?.xTicks : this.spec?.yTicks;
          ticks = make?.({ from: min, to: max }, count) ?? [];
          ticks.sort((a, b) => a.position - b.position);
          return ticks.map(({ position }) => position);
        },
        values: () => ticks.map(({ label }) => label),
      };
    };
    return {
      width,
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { show: false } },
      padding: [10, 14, 0, 0],
      scales: { x: { time: false, range: () => this.#inView('x') }, y: { range: () => this.#inView('y') } },
      axes: [axis('x'), axis('y')],
      series: [{}, ...spec.series.map((series) => seriesOptions(series, palette))],
      bands: spec.bands.map(([upper, lower]) => ({
        series: [upper + 1, lower + 1],
        fill: faint(colorOf(spec.series[upper]?.color ?? 0, palette)),
        dir: -1,
      })),
      hooks: { draw: [(chart) => this.#lines(chart, palette, font)] },
    };
  }

  /** Lines across, each with its name at the right. */
  #lines(chart: uPlot, palette: Palette, font: string): void {
    const ratio = window.devicePixelRatio || 1;
    const { ctx: ink, bbox } = chart;
    ink.save();
    ink.font = font.replace(/^\d+/, String(fontSize * ratio));
    ink.textAlign = 'right';
    ink.textBaseline = 'bottom';
    ink.lineWidth = ratio;
    for (const { position, label, kind } of this.spec?.lines ?? []) {
      const y = chart.valToPos(position, 'y', true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ink.strokeStyle = ink.fillStyle = kind === 'limit' ? palette.failed : palette.reference;
      ink.setLineDash((kind === 'baseline' ? [2, 3] : [7, 4]).map((length) => length * ratio));
      ink.beginPath();
      ink.moveTo(bbox.left, Math.round(y) + 0.5);
      ink.lineTo(bbox.left + bbox.width, Math.round(y) + 0.5);
      ink.stroke();
      ink.fillText(label, bbox.left + bbox.width - 3 * ratio, y - 2 * ratio);
    }
    ink.restore();
  }

  #placeTip(): void {
    const tip = this.renderRoot.querySelector<HTMLElement>('.tip');
    if (tip === null || this.hover === null) return;
    const { x, y } = this.hover;
    const left = x + 14 + tip.offsetWidth > this.clientWidth ? Math.max(2, x - 14 - tip.offsetWidth) : x + 14;
    const top = y + 14 + tip.offsetHeight > this.clientHeight ? Math.max(2, y - 10 - tip.offsetHeight) : y + 14;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
customElements.define('aira-line-chart', AiraLineChart);

export function colorOf(color: ChartSeries['color'], palette: Palette): string {
  return typeof color === 'number'
    ? (palette.series[color % palette.series.length] ?? palette.foreground)
    : palette[color];
}

/** The colour, nearly transparent, whatever notation the theme has it in. */
function faint(color: string): string {
  return `color-mix(in srgb, ${color} 18%, transparent)`;
}

function seriesOptions({ label, color, form, width, fill, edge, dash }: ChartSeries, palette: Palette): uPlot.Series {
  const stroke = colorOf(color, palette);
  const paths = form === 'bars' ? uPlot.paths.bars?.({ size: [0.8, 40] }) : uPlot.paths.stepped?.({ align: 1 });
  return {
    label,
    stroke: edge === true ? 'transparent' : stroke,
    width: edge === true ? 0 : width,
    ...(form === 'bars' ? { fill: stroke } : fill === true ? { fill: faint(stroke) } : {}),
    ...(dash === undefined ? {} : { dash }),
    ...(paths === undefined ? {} : { paths }),
    points: { show: false },
    spanGaps: true,
  };
}
