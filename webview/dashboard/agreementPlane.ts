/** Search against validation: each candidate a point, and the line on which both are the same. Better is right and up. */
import { html, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { CandidateId } from '../../protocol/run.ts';
import { formatScore } from '../../protocol/score.ts';
import { drawBottomAxis, drawLeftAxis, drawWords, tickCount } from '../charts/axes.ts';
import { type Brush, Plane, type PlotMenuRequest } from '../charts/plane.ts';
import { type Range, type ScoreScale, scoreDomain, scoreScale } from '../charts/scoreScale.ts';
import { type PixelMap, pixelMap } from '../charts/viewport.ts';
import { t } from '../frame/strings.ts';
import type { CandidateMenuDetail } from './candidateMenu.ts';
import { candidateTip } from './candidateTip.ts';
import { type Compared, searchAgainstValidation } from './optimism.ts';
import type { PlotOptions } from './populationScene.ts';
import type { RunModel } from './runModel.ts';

const reach = 12;

interface Scene {
  scale: ScoreScale;
  pairs: Compared[];
  /** Of both axes: the line of agreement is a diagonal. */
  domain: Range;
}

export class AiraAgreementPlane extends Plane<CandidateId> {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    options: { attribute: false },
    selected: { attribute: false },
  };
  declare model: RunModel | null;
  declare version: number;
  declare options: PlotOptions;
  declare selected: CandidateId | null;
  #scene: Scene | null = null;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.options = { scoreMode: 'linear', clip: true, across: 'time' };
    this.selected = null;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('model') || changed.has('version') || changed.has('options')) this.#scene = null;
    if (changed.has('options') && this.navigation !== null) this.navigation.x = this.navigation.y = null;
  }

  #made(): Scene | null {
    if (this.model === null) return null;
    if (this.#scene !== null) return this.#scene;
    const pairs = searchAgainstValidation(this.model.candidates.values());
    const scores = pairs.flatMap(({ search, validation }) => [search, validation]);
    const scale = scoreScale(this.model.summary.metric.direction, this.options.scoreMode, scores);
    this.#scene = { scale, pairs, domain: scoreDomain(scores.map(scale.coordinate), { clip: this.options.clip }) };
    return this.#scene;
  }

  domains(): { x: Range; y: Range } {
    const domain = this.#made()?.domain ?? { from: 0, to: 1 };
    return { x: domain, y: domain };
  }

  protected margins() {
    return { left: 76, right: 16, top: 12, bottom: 44 };
  }

  #place(scene: Scene, pair: Compared, x: PixelMap, y: PixelMap): [number, number] {
    const within = (score: number) => Math.max(scene.scale.coordinate(score), scene.domain.from);
    return [x.toPixel(within(pair.search)), y.toPixel(within(pair.validation))];
  }

  protected drawBase(brush: Brush): void {
    const scene = this.#made();
    if (scene === null) return;
    const { ink, area, palette } = brush;
    const [x, y] = [pixelMap(brush.x, area.left, area.width), pixelMap(brush.y, area.top, area.height, true)];
    const bottom = area.top + area.height;
    drawLeftAxis(brush, scene.scale.ticks(brush.y, tickCount(area.height, 48)), y);
    drawBottomAxis(brush, scene.scale.ticks(brush.x, tickCount(area.width, 80)), x, bottom);
    ink.fillStyle = palette.muted;
    ink.textAlign = 'right';
    ink.textBaseline = 'top';
    ink.fillText(t('search, better to the right →'), area.left + area.width, bottom + 24);
    ink.save();
    ink.translate(10, area.top);
    ink.rotate(-Math.PI / 2);
    ink.fillText(t('validation, better upwards →'), 0, 0);
    ink.restore();
    ink.save();
    ink.beginPath();
    ink.rect(area.left, area.top - 4, area.width + 4, area.height + 4);
    ink.clip();
    ink.strokeStyle = palette.reference;
    ink.lineWidth = 1;
    ink.setLineDash([6, 4]);
    ink.beginPath();
    ink.moveTo(x.toPixel(scene.domain.from), y.toPixel(scene.domain.from));
    ink.lineTo(x.toPixel(scene.domain.to), y.toPixel(scene.domain.to));
    ink.stroke();
    ink.setLineDash([]);
    ink.restore();
    const layer = this.marks(brush);
    layer?.begin(scene.pairs.length > 2000 ? 2.6 : 4);
    for (const pair of scene.pairs) {
      const [px, py] = this.#place(scene, pair, x, y);
      if (px < area.left - 4 || px > area.left + area.width + 4 || py < area.top - 4 || py > bottom + 4) continue;
      const candidate = this.model?.candidate(pair.candidate);
      if (candidate) layer?.put(candidate, px, py);
    }
    layer?.show();
  }

  protected drawOverlay(brush: Brush): void {
    const scene = this.#made();
    const summary = this.model?.summary;
    if (scene === null || summary === undefined) return;
    const { palette } = brush;
    const best = summary.bestSearch?.candidate ?? null;
    if (best !== null)
      this.#mark(brush, scene, best, 7, palette.best, best === summary.selected ? '' : t('best by search'));
    if (summary.selected !== null)
      this.#mark(
        brush,
        scene,
        summary.selected,
        10,
        palette.best,
        best === summary.selected ? t('selected, best by search too') : t('selected'),
      );
    if (this.selected !== null) this.#mark(brush, scene, this.selected, 9, palette.selection, '');
    if (this.hover !== null) this.#mark(brush, scene, this.hover.hit, 6, palette.foreground, '');
  }

  /** A ring, a cross of both standard errors, and a name. */
  #mark(
    { ink, area, palette, x, y }: Brush,
    scene: Scene,
    id: CandidateId,
    radius: number,
    color: string,
    name: string,
  ): void {
    const candidate = this.model?.candidate(id);
    const pair = scene.pairs.find((one) => one.candidate === id);
    if (pair === undefined || candidate === undefined || candidate === null) return;
    const maps = [pixelMap(x, area.left, area.width), pixelMap(y, area.top, area.height, true)] as const;
    const [px, py] = this.#place(scene, pair, maps[0], maps[1]);
    ink.strokeStyle = color;
    ink.lineWidth = 2;
    ink.beginPath();
    ink.arc(px, py, radius, 0, 2 * Math.PI);
    ink.stroke();
    if (name === '') return;
    const ends = (value: number, error: number, map: PixelMap) =>
      [value - error, value + error].map((score) => map.toPixel(scene.scale.coordinate(score)));
    const [left = px, right = px] = ends(pair.search, candidate.search?.standardError ?? 0, maps[0]);
    const [low = py, high = py] = ends(pair.validation, candidate.validation?.standardError ?? 0, maps[1]);
    ink.lineWidth = 1;
    ink.beginPath();
    ink.moveTo(left, py);
    ink.lineTo(right, py);
    ink.moveTo(px, low);
    ink.lineTo(px, high);
    ink.stroke();
    ink.fillStyle = palette.foreground;
    const beyond = px + radius + 6 + ink.measureText(name).width > area.left + area.width;
    ink.textAlign = beyond ? 'right' : 'left';
    ink.textBaseline = 'bottom';
    drawWords(ink, palette.background, name, px + (beyond ? -radius - 4 : radius + 4), py - 3);
  }

  protected hitAt(px: number, py: number, { area, x, y }: Omit<Brush, 'ink'>): CandidateId | null {
    const scene = this.#made();
    if (scene === null) return null;
    const maps = [pixelMap(x, area.left, area.width), pixelMap(y, area.top, area.height, true)] as const;
    let [found, least]: [CandidateId | null, number] = [null, reach * reach];
    for (const pair of scene.pairs) {
      const [cx, cy] = this.#place(scene, pair, maps[0], maps[1]);
      const distance = (cx - px) ** 2 + (cy - py) ** 2;
      if (distance <= least) [found, least] = [pair.candidate, distance];
    }
    return found;
  }

  protected tooltip(id: CandidateId): TemplateResult {
    const candidate = this.model?.candidate(id) ?? null;
    if (candidate === null || this.model === null) return html`#${id}`;
    const { validation, test } = candidate;
    return html`${candidateTip(candidate, this.model)}
      <div>
        ${t('validation {0}', validation === null ? '–' : formatScore(validation.value))},
        ${t('test {0}', test === null ? '–' : formatScore(test.value))}
      </div>`;
  }

  protected choose(hit: CandidateId | null): void {
    this.emit('ar-select', hit);
  }

  protected askMenu(candidate: CandidateId, at: PlotMenuRequest): void {
    const detail: CandidateMenuDetail = { candidate, ...at };
    this.dispatchEvent(new CustomEvent('aira-menu', { detail, bubbles: true, composed: true }));
  }
}
customElements.define('aira-agreement-plane', AiraAgreementPlane);
