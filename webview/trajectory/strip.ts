/** Where the time went, drawn as one strip: a click or an arrow key leads to the step of that moment. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { t } from '../frame/strings.ts';
import { isHighContrast, onThemeChange, themeColor } from '../frame/theme.ts';
import { shortDuration } from '../text/shortDuration.ts';
import { ArElement, focusRing } from '../ui/element.ts';
import { type Activity, activities, type Stretch, stretchAt, stretchOf, type Timeline } from './timeline.ts';

/** Names of VS Code's colours, the first that the theme has. In style sheets the same fall back in the same order. */
const colors: Record<Activity, readonly string[]> = {
  thinking: ['charts-purple', 'textLink-foreground'],
  tools: ['charts-blue', 'foreground'],
  evaluation: ['charts-green', 'foreground'],
  parked: ['charts-yellow', 'editorWarning-foreground'],
  waiting: ['descriptionForeground', 'foreground'],
  unknown: ['disabledForeground', 'foreground'],
};

const cssColor = (activity: Activity) =>
  colors[activity].reduceRight((otherwise, name) => `var(--vscode-${name}, ${otherwise})`, 'currentColor');

const height = 30;
const top = 8;

export function activityName(activity: Activity): string {
  return {
    thinking: t('Thinking'),
    tools: t('Tools'),
    evaluation: t('Evaluation'),
    parked: t('Parked'),
    waiting: t('Waiting'),
    unknown: t('Not loaded'),
  }[activity];
}

export class ArTrajectoryStrip extends ArElement {
  static override properties: PropertyDeclarations = {
    timeline: { attribute: false },
    /** Events of the log at both ends of what is in view. */
    view: { attribute: false },
    current: { attribute: false },
    pointed: { state: true },
    width: { state: true },
  };
  static override styles = [
    focusRing,
    css`
      :host {
        display: block;
        padding: 4px 16px 8px;
      }
      .strip {
        position: relative;
        height: ${height}px;
        cursor: pointer;
      }
      canvas {
        width: 100%;
        height: ${height}px;
        display: block;
      }
      .view {
        position: absolute;
        bottom: 0;
        height: 2px;
        min-width: 3px;
        pointer-events: none;
        background: var(--vscode-focusBorder, var(--vscode-foreground));
      }
      .tip {
        position: absolute;
        bottom: 100%;
        z-index: 5;
        padding: 2px 8px;
        white-space: nowrap;
        pointer-events: none;
        font-size: var(--ar-small);
        background: var(--vscode-editorHoverWidget-background);
        color: var(--vscode-editorHoverWidget-foreground);
        border: 1px solid var(--vscode-editorHoverWidget-border, var(--ar-line));
        border-radius: var(--ar-radius);
      }
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 16px;
        margin: 4px 0 0;
        padding: 0;
        list-style: none;
        font-size: var(--ar-small);
        color: var(--ar-muted);
        font-variant-numeric: tabular-nums;
      }
      li {
        display: inline-flex;
        align-items: center;
        gap: 5px;
      }
      .faint {
        opacity: 0.35;
      }
      .swatch {
        width: 9px;
        height: 9px;
        border-radius: 2px;
      }
    `,
  ];
  declare timeline: Timeline;
  declare view: { first: number; last: number } | null;
  /** Event of the log that the keyboard is at. */
  declare current: number;
  declare protected pointed: number | null;
  declare protected width: number;

  readonly #size = new ResizeObserver(() => {
    this.width = this.renderRoot.querySelector('.strip')?.clientWidth ?? 0;
  });
  #endTheme: () => void = () => undefined;
  /** What the canvas shows: it is drawn again only for something else. */
  #drawn: { timeline: Timeline; width: number } | null = null;

  constructor() {
    super();
    const totals = { thinking: 0, tools: 0, evaluation: 0, parked: 0, waiting: 0, unknown: 0 };
    this.timeline = { stretches: [], breaks: [], submitted: null, totals, length: 0 };
    this.view = null;
    this.current = 0;
    this.pointed = null;
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#size.observe(this);
    this.#endTheme = onThemeChange(() => {
      this.#drawn = null;
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
    this.#endTheme();
  }

  protected override render() {
    const { totals, length } = this.timeline;
    const at = this.#stretchOf(this.current);
    return html`<div
        class="strip"
        role="slider"
        tabindex="0"
        aria-label=${t('Where the time went')}
        aria-valuemin="0"
        aria-valuemax=${Math.round(length / 1000)}
        aria-valuenow=${Math.round((at?.from ?? 0) / 1000)}
        aria-valuetext=${at === null ? '' : this.#words(at)}
        @pointermove=${(event: PointerEvent) => {
          this.pointed = event.offsetX;
        }}
        @pointerleave=${() => {
          this.pointed = null;
        }}
        @click=${this.#click}
        @keydown=${this.#key}
      >
        <canvas></canvas>${this.#viewMark()}${this.#tip()}
      </div>
      <ul aria-label=${t('Time in all')}>
        ${activities
          .filter((activity) => totals[activity] >= 1)
          .map(
            (activity) =>
              html`<li>
                <span class=${activity === 'waiting' || activity === 'unknown' ? 'swatch faint' : 'swatch'} .style=${`background: ${cssColor(activity)}`}></span>
                ${activityName(activity)} ${shortDuration(totals[activity])}
                (${((100 * totals[activity]) / Math.max(1, length)).toFixed(0)} %)
              </li>`,
          )}
      </ul>`;
  }

  #tip(): TemplateResult | typeof nothing {
    const stretch = this.pointed === null ? null : this.#stretchAtPixel(this.pointed);
    if (stretch === null || this.pointed === null) return nothing;
    const side = this.pointed > this.width / 2 ? `right: ${this.width - this.pointed}px` : `left: ${this.pointed}px`;
    return html`<div class="tip" .style=${side}>${this.#words(stretch)}</div>`;
  }

  #words({ activity, step, tool, failed, from, to }: Stretch): string {
    const what = tool ?? activityName(activity);
    const how = failed ? ` (${t('failed')})` : '';
    return `${t('Step {0}', step)} · ${what}${how} · ${shortDuration(to - from)} · ${t('after {0}', shortDuration(from))}`;
  }

  /** A line below what is in view. */
  #viewMark(): TemplateResult | typeof nothing {
    const { stretches, length } = this.timeline;
    if (this.view === null || length <= 0) return nothing;
    const first = stretches[stretchOf(stretches, this.view.first)];
    const last = stretches[Math.max(0, stretchOf(stretches, this.view.last + 1) - 1)];
    if (first === undefined || last === undefined) return nothing;
    const percent = (ms: number) => `${((100 * ms) / length).toFixed(2)}%`;
    return html`<div
      class="view"
      .style=${`left: ${percent(first.from)}; width: ${percent(Math.max(0, last.to - first.from))}`}
    ></div>`;
  }

  #stretchOf(index: number): Stretch | null {
    return this.timeline.stretches[stretchOf(this.timeline.stretches, index)] ?? this.timeline.stretches.at(-1) ?? null;
  }

  #stretchAtPixel(x: number): Stretch | null {
    if (this.width === 0) return null;
    return stretchAt(this.timeline.stretches, (x / this.width) * this.timeline.length);
  }

  #click(event: MouseEvent): void {
    const stretch = this.#stretchAtPixel(event.offsetX);
    if (stretch !== null) this.emit('ar-select', stretch.index);
  }

  /** Arrows go from stretch to stretch, Page keys by a tenth of the time. */
  #key(event: KeyboardEvent): void {
    const { stretches, length } = this.timeline;
    const at = this.#stretchOf(this.current);
    if (at === null) return;
    const place = stretches.indexOf(at);
    const next = {
      ArrowRight: stretches.slice(place + 1).find(({ index }) => index > at.index),
      ArrowLeft: stretches.slice(0, place).findLast(({ index }) => index < at.index),
      Home: stretches[0],
      End: stretches.at(-1),
      PageDown: stretchAt(stretches, at.to + length / 10),
      PageUp: stretchAt(stretches, Math.max(0, at.from - length / 10)),
    }[event.key];
    if (next === undefined || next === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.emit('ar-select', next.index);
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    if (canvas === null || this.width === 0) return;
    if (this.#drawn?.timeline === this.timeline && this.#drawn.width === this.width) return;
    this.#drawn = { timeline: this.timeline, width: this.width };
    const scale = window.devicePixelRatio;
    const width = Math.round(this.width * scale);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height * scale) canvas.height = height * scale;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#draw(context);
  }

  #draw(context: CanvasRenderingContext2D): void {
    const { stretches, breaks, submitted, length } = this.timeline;
    context.clearRect(0, 0, this.width, height);
    if (length <= 0) return;
    const x = (ms: number) => (ms / length) * this.width;
    const bottom = height - 4;
    const fills = activities.map((activity) => themeColor(colors[activity]));
    activities.forEach((activity, at) => {
      context.fillStyle = fills[at] ?? '';
      context.globalAlpha = activity === 'waiting' ? 0.25 : activity === 'unknown' ? 0.15 : 0.9;
      context.beginPath();
      for (const { activity: own, from, to } of stretches) {
        if (own !== activity) continue;
        // What is parked stands lower: told apart without colour, too.
        const high = own === 'parked' || own === 'waiting' || own === 'unknown' ? top + 8 : top;
        context.rect(x(from), high, Math.max(0.5, x(to) - x(from)), bottom - high);
      }
      context.fill();
    });
    context.globalAlpha = 1;
    if (isHighContrast()) {
      context.strokeStyle = themeColor(['contrastBorder', 'foreground']);
      context.strokeRect(0.5, top - 0.5, this.width - 1, bottom - top + 1);
    }
    context.fillStyle = themeColor(['errorForeground', 'charts-red']);
    for (const { failed, to } of stretches)
      if (failed) {
        context.beginPath();
        context.moveTo(x(to) - 3, 0);
        context.lineTo(x(to) + 3, 0);
        context.lineTo(x(to), 6);
        context.fill();
      }
    const ink = themeColor(['foreground']);
    context.strokeStyle = ink;
    for (const at of breaks) {
      context.setLineDash([2, 2]);
      context.beginPath();
      context.moveTo(x(at), 0);
      context.lineTo(x(at), height);
      context.stroke();
    }
    context.setLineDash([]);
    if (submitted !== null) {
      context.fillStyle = ink;
      context.fillRect(Math.min(this.width - 1.5, x(submitted)), 0, 1.5, bottom);
      context.fillRect(Math.min(this.width - 7, x(submitted)), 0, 7, 5);
    }
  }
}
customElements.define('ar-trajectory-strip', ArTrajectoryStrip);
