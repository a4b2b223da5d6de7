/**
 * What all plots on own canvases share: three layers (what is there, marks on it, and what is pointed at), sharp pixels on any
 * screen, colours of the theme, moving about, a tooltip. What they draw is theirs.
 */
import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { t } from '../frame/strings.ts';
import { onThemeChange } from '../frame/theme.ts';
import { ArElement, focusRing } from '../ui/element.ts';
import { MarkLayer } from './markLayer.ts';
import { type Area, type Navigable, Navigation } from './navigation.ts';
import { type Palette, readPalette } from './palette.ts';
import type { Range } from './scoreScale.ts';

export interface Brush {
  ink: CanvasRenderingContext2D;
  area: Area;
  palette: Palette;
  ratio: number;
  /** What is in view. */
  x: Range;
  y: Range;
  /** The person is moving: leave out what costs much and shows little. */
  moving: boolean;
}

export interface PlotMenuRequest {
  clientX: number;
  clientY: number;
}

export abstract class Plane<Hit> extends ArElement implements Navigable {
  static override properties: PropertyDeclarations = { label: { type: String }, hover: { state: true } };
  static override styles = [
    focusRing,
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
        border-radius: 2px;
      }
      .ground.hit {
        cursor: pointer;
      }
      canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        pointer-events: none;
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
        overflow-wrap: anywhere;
      }
      .tip strong {
        font-weight: 600;
      }
      .tip .muted {
        color: var(--ar-muted);
      }
      .tip p {
        margin: 0;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 4;
        line-clamp: 4;
        overflow: hidden;
        unicode-bidi: isolate;
      }
    `,
  ];
  /** Names the plot, and says in words what it shows. */
  declare label: string;
  declare protected hover: { hit: Hit; x: number; y: number } | null;

  protected palette: Palette | null = null;
  protected navigation: Navigation | null = null;
  #width = 0;
  #height = 0;
  #frame = 0;
  #baseStale = true;
  #font: string | null = null;
  #marks: MarkLayer | null = null;
  #unwatch: () => void = () => undefined;
  readonly #size = new ResizeObserver(() => this.#resized());

  constructor() {
    super();
    this.label = '';
    this.hover = null;
  }

  abstract domains(): { x: Range; y: Range | null };
  /** Room around the plot for the labels of its axes. */
  protected abstract margins(): { left: number; right: number; top: number; bottom: number };
  protected abstract drawBase(brush: Brush): void;
  protected abstract drawOverlay(brush: Brush): void;
  protected abstract hitAt(x: number, y: number, brush: Omit<Brush, 'ink'>): Hit | null;
  protected abstract tooltip(hit: Hit): TemplateResult;
  protected abstract choose(hit: Hit | null): void;
  protected abstract askMenu(hit: Hit, at: PlotMenuRequest): void;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#size.observe(this);
    this.#unwatch = onThemeChange(() => {
      this.palette = null;
      this.#font = null;
      this.redraw();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
    this.#unwatch();
    this.navigation?.end();
    this.navigation = null;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Draws in the next frame: all, or only what is pointed at. */
  redraw(what: 'all' | 'overlay' = 'all'): void {
    if (what === 'all') this.#baseStale = true;
    if (this.#frame !== 0 || !this.isConnected) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  area(): Area {
    const { left, right, top, bottom } = this.margins();
    return {
      left,
      top,
      width: Math.max(1, this.#width - left - right),
      height: Math.max(1, this.#height - top - bottom),
    };
  }

  moved(): void {
    this.hover = null;
    this.redraw();
  }

  settled(): void {
    this.redraw();
  }

  hovered(place: { x: number; y: number } | null): void {
    const brush = this.#view();
    const hit = place === null || brush === null ? null : this.hitAt(place.x, place.y, brush);
    const before = this.hover;
    if (hit === null && before === null) return;
    this.hover = hit === null || place === null ? null : { hit, ...place };
    this.ground()?.classList.toggle('hit', hit !== null);
    this.redraw('overlay');
  }

  clicked({ x, y }: { x: number; y: number }): void {
    const brush = this.#view();
    if (brush !== null) this.choose(this.hitAt(x, y, brush));
  }

  menu({ x, y }: { x: number; y: number }, event: MouseEvent): void {
    const brush = this.#view();
    const hit = brush === null ? null : this.hitAt(x, y, brush);
    if (hit === null) return;
    event.preventDefault();
    this.choose(hit);
    this.askMenu(hit, { clientX: event.clientX, clientY: event.clientY });
  }

  protected ground(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('.ground');
  }

  protected override firstUpdated(): void {
    this.#attach();
  }

  protected override updated(changed: PropertyValues<this>): void {
    this.#attach();
    this.#placeTip();
    const pointing = [...changed.keys()].every((name) => name === 'hover' || name === 'marked' || name === 'selected');
    this.redraw(pointing ? 'overlay' : 'all');
  }

  protected override render() {
    const keys = t('Arrow keys move, + and − zoom, 0 shows all.');
    return html`<div class="ground" role="group" tabindex="0" aria-label=${this.label} aria-description=${keys}>
        <canvas class="base" aria-hidden="true"></canvas
        ><canvas class="marks" aria-hidden="true"></canvas
        ><canvas class="overlay" aria-hidden="true"></canvas>
      </div>
      ${this.hover === null ? nothing : html`<div class="tip" aria-hidden="true">${this.tooltip(this.hover.hit)}</div>`}`;
  }

  #attach(): void {
    const ground = this.ground();
    if (ground !== null && this.navigation === null && this.isConnected) this.navigation = new Navigation(ground, this);
  }

  #placeTip(): void {
    const tip = this.renderRoot.querySelector<HTMLElement>('.tip');
    if (tip === null || this.hover === null) return;
    const { x, y } = this.hover;
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    const left = x + 14 + width > this.#width ? Math.max(2, x - 14 - width) : x + 14;
    const top = y + 14 + height > this.#height ? Math.max(2, y - 10 - height) : y + 14;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  #resized(): void {
    this.#width = this.clientWidth;
    this.#height = this.clientHeight;
    this.redraw();
  }

  #view(): Omit<Brush, 'ink'> | null {
    if (this.#width === 0 || this.#height === 0) return null;
    this.palette ??= readPalette();
    const { x, y } = this.domains();
    return {
      area: this.area(),
      palette: this.palette,
      ratio: window.devicePixelRatio || 1,
      x: this.navigation?.x ?? x,
      y: this.navigation?.y ?? y ?? { from: 0, to: 1 },
      moving: this.navigation?.moving ?? false,
    };
  }

  #draw(): void {
    const view = this.#view();
    if (view === null) return;
    if (this.#baseStale) {
      const ink = this.#layer('.base', view.ratio);
      if (ink === null) return;
      this.#baseStale = false;
      this.drawBase({ ...view, ink });
    }
    const ink = this.#layer('.overlay', view.ratio);
    if (ink !== null) this.drawOverlay({ ...view, ink });
  }

  /** The layer of marks, between what is there and what is pointed at. To be filled anew with each drawing of the base. */
  protected marks({ palette, ratio }: Brush): MarkLayer | null {
    const ink = this.#layer('.marks', ratio);
    if (ink === null) return null;
    if (this.#marks?.fits(ink.canvas, palette, ratio) !== true) this.#marks = new MarkLayer(ink, palette, ratio);
    return this.#marks;
  }

  /** An empty canvas of the element's size. */
  #layer(name: '.base' | '.marks' | '.overlay', ratio: number): CanvasRenderingContext2D | null {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(name);
    const ink = canvas?.getContext('2d') ?? null;
    if (canvas === null || ink === null) return null;
    const [width, height] = [Math.round(this.#width * ratio), Math.round(this.#height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, width, height);
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#font ??= `${fontSize}px ${getComputedStyle(this).fontFamily || 'sans-serif'}`;
    ink.font = this.#font;
    return ink;
  }
}

/** Of labels on axes, in CSS pixels. */
export const fontSize = 11;
