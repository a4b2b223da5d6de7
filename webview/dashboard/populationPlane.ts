/**
 * All candidates of a run, time across and score up, in one of two views: `score` with the best so far, `lineage` with who
 * descends from whom, as in Figure 7 of the paper (solid for mutation, dashed for crossover).
 */
import { html, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { CandidateId } from '../../protocol/run.ts';
import { drawBottomAxis, drawLeftAxis, tickCount } from '../charts/axes.ts';
import { drawMark } from '../charts/marks.ts';
import { type Brush, Plane, type PlotMenuRequest } from '../charts/plane.ts';
import type { Range } from '../charts/scoreScale.ts';
import { durationTicks, linearTicks, type Tick } from '../charts/ticks.ts';
import { bringIntoView, pixelMap } from '../charts/viewport.ts';
import { t } from '../frame/strings.ts';
import type { CandidateMenuDetail } from './candidateMenu.ts';
import { candidateTip } from './candidateTip.ts';
import { ancestry, lineOfDescent } from './descent.ts';
import {
  clipped,
  drawBestLine,
  drawClearBests,
  drawEdges,
  drawFamily,
  drawMarks,
  drawReferences,
  type Maps,
} from './drawPopulation.ts';
import { nearestPoint } from './pointCloud.ts';
import { type PlotOptions, type PopulationScene, populationScene } from './populationScene.ts';
import type { RunModel } from './runModel.ts';

const stripHeight = 18;
const axisHeight = 24;
const reach = 12;

export class AiraPopulationPlane extends Plane<CandidateId> {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    view: { type: String },
    options: { attribute: false },
    selected: { attribute: false },
    marked: { attribute: false },
  };
  declare model: RunModel | null;
  /** Of the model: it changes in place. */
  declare version: number;
  declare view: 'score' | 'lineage';
  declare options: PlotOptions;
  declare selected: CandidateId | null;
  /** Pointed at from elsewhere. */
  declare marked: CandidateId | null;

  #scene: PopulationScene | null = null;
  #family: { of: CandidateId; all: Set<CandidateId>; line: Set<CandidateId> } | null = null;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.view = 'score';
    this.options = { scoreMode: 'linear', clip: true, across: 'time' };
    this.selected = null;
    this.marked = null;
  }

  get scene(): PopulationScene | null {
    if (this.model !== null) this.#scene ??= populationScene(this.model, this.options);
    return this.#scene;
  }

  domains(): { x: Range; y: Range | null } {
    const scene = this.scene;
    return scene === null ? { x: { from: 0, to: 1 }, y: { from: 0, to: 1 } } : { x: scene.across, y: scene.domain };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('model') || changed.has('version') || changed.has('options')) {
      this.#scene = null;
      this.#family = null;
    }
    if (changed.has('options') && this.navigation !== null) this.#keepPlace(changed.get('options'));
    if (changed.has('selected')) this.#reveal();
  }

  /** @param factor below 1: closer; infinite: everything */
  zoomBy(factor: number): void {
    if (Number.isFinite(factor)) this.navigation?.zoomBy(factor);
    else this.navigation?.showAll();
  }

  /** Another scale makes coordinates of the old one meaningless. */
  #keepPlace(before: PlotOptions | undefined): void {
    if (this.navigation === null || before === undefined) return;
    if (before.across !== this.options.across) this.navigation.x = null;
    if (before.scoreMode !== this.options.scoreMode || before.clip !== this.options.clip) this.navigation.y = null;
  }

  #reveal(): void {
    const { navigation, scene } = this;
    const index = this.selected === null ? undefined : scene?.cloud.indexOf.get(this.selected);
    if (navigation === null || scene === null || index === undefined) return;
    navigation.x = bringIntoView(navigation.x, scene.across, scene.cloud.x[index] ?? Number.NaN);
    navigation.y = bringIntoView(navigation.y, scene.domain, scene.cloud.y[index] ?? Number.NaN);
    if (navigation.zoomed) this.redraw();
  }

  protected margins() {
    return { left: 64, right: 12, top: 18, bottom: stripHeight + axisHeight };
  }

  protected hitAt(px: number, py: number, brush: Omit<Brush, 'ink'>): CandidateId | null {
    const cloud = this.scene?.cloud;
    if (cloud === undefined) return null;
    const index = nearestPoint(cloud, this.#maps(brush), px, py, reach);
    return index === null ? null : (cloud.id[index] ?? null);
  }

  protected tooltip(id: CandidateId): TemplateResult {
    const candidate = this.model?.candidate(id) ?? null;
    return candidate === null || this.model === null ? html`#${id}` : candidateTip(candidate, this.model);
  }

  protected choose(hit: CandidateId | null): void {
    this.emit('ar-select', hit);
  }

  protected askMenu(candidate: CandidateId, at: PlotMenuRequest): void {
    const detail: CandidateMenuDetail = { candidate, ...at };
    this.dispatchEvent(new CustomEvent('aira-menu', { detail, bubbles: true, composed: true }));
  }

  #maps({ area, x, y }: Pick<Brush, 'area' | 'x' | 'y'>): Maps {
    return {
      x: pixelMap(x, area.left, area.width),
      y: pixelMap(y, area.top, area.height, true),
      strip: area.top + area.height + stripHeight / 2 + 1,
    };
  }

  #radius(): number {
    const count = this.model?.candidates.size ?? 0;
    if (count <= 200) return 5;
    if (count <= 1000) return 4;
    return count <= 4000 ? 3.2 : 2.6;
  }

  protected drawBase(brush: Brush): void {
    const { scene } = this;
    if (scene === null) return;
    const maps = this.#maps(brush);
    const { ink, area, palette, x, y } = brush;
    const floor = area.top + area.height + stripHeight;
    drawLeftAxis(brush, scene.scale.ticks(y, tickCount(area.height, 48)), maps.y);
    drawBottomAxis(brush, this.#acrossTicks(x, area.width), maps.x, floor);
    ink.textAlign = 'right';
    ink.textBaseline = 'middle';
    ink.fillStyle = palette.muted;
    ink.fillText(t('no score'), area.left - 8, maps.strip);
    clipped(brush, { below: stripHeight + 6 }, () => {
      if (this.view === 'lineage') drawEdges(brush, maps, scene);
      else drawBestLine(brush, maps, scene, scene.last);
      const layer = this.marks(brush);
      layer?.begin(this.#radius());
      if (layer !== null) drawMarks(brush, maps, scene.cloud, layer, scene.excluded);
      layer?.show();
    });
  }

  #acrossTicks(x: Range, width: number): Tick[] {
    const count = tickCount(width, 90);
    if (this.options.across === 'time') return durationTicks(x.from, x.to, count);
    return linearTicks(x.from, x.to, count)
      .filter(({ position }) => Number.isInteger(position) && position > 0)
      .map(({ position }) => ({ position, label: String(position) }));
  }

  protected drawOverlay(brush: Brush): void {
    const { scene, model } = this;
    if (scene === null || model === null) return;
    const maps = this.#maps(brush);
    const radius = this.#radius();
    clipped(brush, { below: stripHeight + 6 }, () => {
      const shown = this.selected ?? model.summary.bestSearch?.candidate ?? null;
      if (this.view === 'lineage' && shown !== null) this.#drawDescent(brush, maps, scene, shown);
      drawClearBests(brush, maps, scene, radius);
      drawReferences(brush, maps, scene.references);
      for (const id of scene.pinned) this.#ring(brush, maps, id, radius + 2.5, brush.palette.foreground, [2, 2]);
      if (this.selected !== null) this.#ring(brush, maps, this.selected, radius + 5, brush.palette.selection, []);
      const pointed = this.hover?.hit ?? this.marked;
      if (pointed !== null) this.#ring(brush, maps, pointed, radius + 2, brush.palette.foreground, []);
    });
  }

  #drawDescent(brush: Brush, maps: Maps, scene: PopulationScene, of: CandidateId): void {
    const { model } = this;
    if (model === null) return;
    if (this.#family?.of !== of)
      this.#family = { of, all: ancestry(model, of), line: new Set(lineOfDescent(model, of)) };
    const { all, line } = this.#family;
    drawFamily(brush, maps, scene, all, line);
    for (const id of line) {
      const index = scene.cloud.indexOf.get(id);
      if (index === undefined) continue;
      const candidate = model.candidate(id);
      if (candidate === null || Number.isNaN(scene.cloud.y[index])) continue;
      const [x, y] = [maps.x.toPixel(scene.cloud.x[index] ?? 0), maps.y.toPixel(scene.cloud.y[index] ?? 0)];
      drawMark(brush.ink, brush.palette, candidate, x, y, this.#radius());
    }
  }

  #ring({ ink }: Brush, maps: Maps, id: CandidateId, radius: number, color: string, dash: number[]): void {
    const cloud = this.scene?.cloud;
    const index = cloud?.indexOf.get(id);
    if (cloud === undefined || index === undefined) return;
    const y = cloud.y[index] ?? Number.NaN;
    ink.beginPath();
    ink.arc(
      maps.x.toPixel(cloud.x[index] ?? 0),
      Number.isNaN(y) ? maps.strip : maps.y.toPixel(y),
      radius,
      0,
      2 * Math.PI,
    );
    ink.setLineDash(dash);
    ink.strokeStyle = color;
    ink.lineWidth = 2;
    ink.stroke();
    ink.setLineDash([]);
  }
}
customElements.define('aira-population-plane', AiraPopulationPlane);
