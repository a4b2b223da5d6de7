/** Slots over time as bars; see gantt.ts for what they mean. */
import { html, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { duration } from '../../protocol/duration.ts';
import type { CandidateId } from '../../protocol/run.ts';
import { crisp, drawBottomAxis, tickCount } from '../charts/axes.ts';
import { type Brush, Plane, type PlotMenuRequest } from '../charts/plane.ts';
import type { Range } from '../charts/scoreScale.ts';
import { durationTicks } from '../charts/ticks.ts';
import { pixelMap } from '../charts/viewport.ts';
import { t } from '../frame/strings.ts';
import type { CandidateMenuDetail } from './candidateMenu.ts';
import { candidateTip } from './candidateTip.ts';
import { barTop, drawLane, lanes, leastHeight } from './drawGantt.ts';
import type { Bar, SlotStrip } from './gantt.ts';
import type { RunModel } from './runModel.ts';

type Hit = { kind: 'bar'; slot: number; bar: Bar } | { kind: 'idle'; slot: number; idle: Range };

const axisHeight = 28;

export class AiraGanttPlane extends Plane<Hit> {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    strips: { attribute: false },
    shown: { attribute: false },
    selected: { attribute: false },
  };
  declare model: RunModel | null;
  declare strips: readonly SlotStrip[];
  /** Milliseconds since the epoch. */
  declare shown: Range;
  declare selected: CandidateId | null;

  constructor() {
    super();
    this.model = null;
    this.strips = [];
    this.shown = { from: 0, to: 1 };
    this.selected = null;
  }

  domains(): { x: Range; y: null } {
    return { x: this.shown, y: null };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('strips')) this.style.minHeight = `${leastHeight(this.strips) + axisHeight + 8}px`;
  }

  protected margins() {
    return { left: 64, right: 12, top: 4, bottom: axisHeight };
  }

  protected drawBase(brush: Brush): void {
    const { ink, area, palette, ratio } = brush;
    const x = pixelMap(brush.x, area.left, area.width);
    const from = this.shown.from;
    const ticks = durationTicks(brush.x.from - from, brush.x.to - from, tickCount(area.width, 90));
    const bottom = area.top + area.height + 2;
    drawBottomAxis(
      brush,
      ticks.map((tick) => ({ ...tick, position: tick.position + from })),
      x,
      bottom,
    );
    const failed = (id: CandidateId) => this.model?.candidate(id)?.state === 'failed';
    for (const lane of lanes(this.strips, area.top, area.height)) {
      ink.fillStyle = palette.muted;
      ink.textAlign = 'right';
      ink.textBaseline = 'middle';
      ink.fillText(t('slot {0}', lane.strip.slot), area.left - 8, lane.top + (lane.strip.rows * lane.rowHeight) / 2);
      drawLane(brush, lane, x, failed);
    }
    const now = this.model?.summary.endedAt === null ? x.toPixel(this.shown.to) : Number.NaN;
    if (!(now <= area.left + area.width)) return;
    ink.strokeStyle = palette.foreground;
    ink.lineWidth = 1;
    ink.setLineDash([3, 3]);
    ink.beginPath();
    ink.moveTo(crisp(now, ratio), area.top);
    ink.lineTo(crisp(now, ratio), bottom);
    ink.stroke();
    ink.setLineDash([]);
  }

  protected drawOverlay(brush: Brush): void {
    const { ink, area, palette } = brush;
    const x = pixelMap(brush.x, area.left, area.width);
    const hovered = this.hover?.hit.kind === 'bar' ? this.hover.hit.bar.candidate : null;
    for (const lane of lanes(this.strips, area.top, area.height))
      for (const bar of lane.strip.bars) {
        if (bar.candidate !== this.selected && bar.candidate !== hovered) continue;
        const left = Math.max(area.left, x.toPixel(bar.from));
        const right = Math.min(area.left + area.width, x.toPixel(bar.to));
        if (right < left) continue;
        ink.strokeStyle = bar.candidate === this.selected ? palette.selection : palette.foreground;
        ink.lineWidth = 2;
        ink.strokeRect(left - 1, barTop(lane, bar) - 1, Math.max(4, right - left + 2), lane.rowHeight);
      }
  }

  protected hitAt(px: number, py: number, { area, x }: Omit<Brush, 'ink'>): Hit | null {
    if (px < area.left - 4 || px > area.left + area.width + 4) return null;
    const map = pixelMap(x, area.left, area.width);
    const at = map.fromPixel(px);
    for (const lane of lanes(this.strips, area.top, area.height)) {
      const { strip, rowHeight, top } = lane;
      if (py < top || py >= top + strip.rows * rowHeight) continue;
      const row = Math.floor((py - top) / rowHeight);
      const near = (bar: Bar) => bar.row === row && at >= bar.from - slack && at <= bar.to + slack;
      const slack = map.fromPixel(2) - map.fromPixel(0);
      const bar = strip.bars.findLast(near);
      if (bar !== undefined) return { kind: 'bar', slot: strip.slot, bar };
      const idle = strip.idle.find(({ from, to }) => at >= from && at <= to);
      return idle === undefined ? null : { kind: 'idle', slot: strip.slot, idle };
    }
    return null;
  }

  protected tooltip(hit: Hit): TemplateResult {
    if (hit.kind === 'idle')
      return html`${t('Slot {0} stood idle for {1}', hit.slot, duration(hit.idle.to - hit.idle.from))}`;
    const { bar } = hit;
    const candidate = this.model?.candidate(bar.candidate) ?? null;
    const times = t(
      'Agent {0}, evaluation {1}',
      duration(bar.submitted - bar.from),
      bar.to > bar.submitted ? duration(bar.to - bar.submitted) : '–',
    );
    return html`${candidate === null || this.model === null ? html`#${bar.candidate}` : candidateTip(candidate, this.model)}
      <div class="muted">${times}</div>`;
  }

  protected choose(hit: Hit | null): void {
    this.emit('ar-select', hit?.kind === 'bar' ? hit.bar.candidate : null);
  }

  protected askMenu(hit: Hit, at: PlotMenuRequest): void {
    if (hit.kind !== 'bar') return;
    const detail: CandidateMenuDetail = { candidate: hit.bar.candidate, ...at };
    this.dispatchEvent(new CustomEvent('aira-menu', { detail, bubbles: true, composed: true }));
  }
}
customElements.define('aira-gantt-plane', AiraGanttPlane);
