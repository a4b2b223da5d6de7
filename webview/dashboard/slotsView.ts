/** Slots over time, what each does now, and how much of its time it stood idle. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { SlotView } from '../../protocol/clientViews.ts';
import { duration } from '../../protocol/duration.ts';
import type { CandidateId } from '../../protocol/run.ts';
import { plainLine } from '../charts/plainLine.ts';
import { t } from '../frame/strings.ts';
import { slotsWord } from '../text/counts.ts';
import { ArElement, focusRing } from '../ui/element.ts';
import { mostHeight } from './drawGantt.ts';
import { idleShare, type SlotStrip, slotStrips } from './gantt.ts';
import './ganttPlane.ts';
import type { RunModel } from './runModel.ts';

/** `ar-select` tells the candidate that was chosen, or null. */
export class AiraSlotsView extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    selected: { attribute: false },
  };
  static override styles = [
    focusRing,
    css`
      :host {
        display: flex;
        flex-direction: column;
        gap: 8px;
        min-height: 0;
      }
      .figures {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 24px;
        color: var(--ar-muted);
        font-size: var(--ar-small);
      }
      .figures strong {
        font-weight: 400;
        color: var(--vscode-foreground);
        font-variant-numeric: tabular-nums;
      }
      .key {
        display: inline-block;
        width: 14px;
        height: 9px;
        margin-inline-end: 4px;
        box-sizing: border-box;
        border: 1px solid var(--vscode-charts-blue);
      }
      .agent {
        background: color-mix(in srgb, var(--vscode-charts-blue) 35%, transparent);
      }
      .evaluation {
        background: var(--vscode-charts-purple);
        border-color: var(--vscode-charts-purple);
      }
      .idle {
        border: none;
        border-bottom: 2px dotted var(--ar-muted);
        height: 6px;
      }
      .plot {
        flex: 0 1 100%;
        min-height: 120px;
        overflow: auto;
        display: flex;
      }
      aira-gantt-plane {
        flex: 1;
      }
      .slots {
        flex: 1 0 30%;
        overflow: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        padding: 2px 10px 2px 0;
        text-align: start;
        font-weight: 400;
        vertical-align: top;
      }
      thead th {
        position: sticky;
        top: 0;
        background: var(--vscode-editor-background);
        color: var(--ar-muted);
        font-size: var(--ar-small);
        border-bottom: 1px solid var(--ar-line);
      }
      .end {
        text-align: end;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      td.now {
        width: 50%;
      }
      button {
        font: inherit;
        color: var(--vscode-textLink-foreground);
        background: none;
        border: none;
        padding: 0;
        cursor: pointer;
      }
      .muted {
        color: var(--ar-muted);
      }
    `,
  ];
  declare model: RunModel | null;
  /** Of the model, and of the clock. */
  declare version: number;
  declare selected: CandidateId | null;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.selected = null;
  }

  protected override render() {
    const { model } = this;
    if (model === null) return nothing;
    const { createdAt, config } = model.summary;
    const shown = { from: createdAt, to: Math.max(createdAt + 1000, model.now()) };
    const strips = slotStrips(model.candidates.values(), shown, config.workers);
    const idle = idleShare(strips, shown);
    const label = t('Slots over time: {0}, idle for {1} of the time', slotsWord(strips.length), percent(idle));
    return html`${this.#figures(model, idle, strips)}
      <div class="plot" .style=${`max-height: ${mostHeight(strips) + 40}px`}>
        <aira-gantt-plane
          label=${label}
          .model=${model}
          .strips=${strips}
          .shown=${shown}
          .selected=${this.selected}
          @ar-select=${(event: CustomEvent<{ value: CandidateId | null }>) => {
            event.stopPropagation();
            this.emit('ar-select', event.detail.value);
          }}
        ></aira-gantt-plane>
      </div>
      <div class="slots" tabindex="0" role="region" aria-label=${t('Slots')}>${this.#table(model, strips)}</div>`;
  }

  #figures(model: RunModel, idle: number, strips: readonly SlotStrip[]): TemplateResult {
    const sum = (of: (strip: SlotStrip) => number) => strips.reduce((total, strip) => total + of(strip), 0);
    const still = Math.max(0, model.elapsed() - model.activeMs());
    return html`<div class="figures">
      <span><i class="key agent"></i>${t('agents')} <strong>${duration(sum(({ agentMs }) => agentMs))}</strong></span>
      <span
        ><i class="key evaluation"></i>${t('evaluations')}
        <strong>${duration(sum(({ evaluationMs }) => evaluationMs))}</strong></span
      >
      <span><i class="key idle"></i>${t('idle')} <strong>${percent(idle)}</strong></span>
      ${
        still < 1000
          ? nothing
          : html`<span>${t('of which the run itself stood still')} <strong>${duration(still)}</strong></span>`
      }
    </div>`;
  }

  #table(model: RunModel, strips: readonly SlotStrip[]): TemplateResult {
    return html`<table>
      <thead>
        <tr>
          <th scope="col">${t('Slot')}</th>
          <th scope="col">${t('Now')}</th>
          <th scope="col">${t('Device')}</th>
          <th scope="col" class="end">${t('Candidates')}</th>
          <th scope="col" class="end">${t('Agents')}</th>
          <th scope="col" class="end">${t('Evaluations')}</th>
          <th scope="col" class="end">${t('Idle')}</th>
        </tr>
      </thead>
      <tbody>
        ${strips.map((strip) => {
          const view = model.slots.find(({ slot }) => slot === strip.slot);
          return html`<tr>
            <th scope="row">${strip.slot}</th>
            <td class="now">${this.#now(model, view, strip)}</td>
            <td>${device(view)}</td>
            <td class="end">${strip.bars.length}</td>
            <td class="end">${duration(strip.agentMs)}</td>
            <td class="end">${duration(strip.evaluationMs)}</td>
            <td class="end">${percent(strip.idleShare)}</td>
          </tr>`;
        })}
      </tbody>
    </table>`;
  }

  /** As the server tells it; from the candidates alone, where it tells nothing (yet). */
  #now(model: RunModel, view: SlotView | undefined, strip: SlotStrip): TemplateResult | string {
    const link = (id: CandidateId) =>
      html`<button type="button" @click=${() => this.emit('ar-select', id)}>#${id}</button>`;
    if (view !== undefined && view.activities.length > 0)
      return html`${view.activities.map(
        ({ candidate, doing, since }, index) =>
          html`${index === 0 ? nothing : ', '}${link(candidate)} ${plainLine(doing, 60)}
            <span class="muted">${t('for {0}', duration(Math.max(0, model.now() - since)))}</span>`,
      )}`;
    if (view !== undefined && view.state !== 'ready')
      return `${plainLine(view.state, 40)}${view.detail === '' ? '' : `: ${plainLine(view.detail, 160)}`}`;
    const open = strip.bars.filter((bar) => bar.open);
    if (open.length === 0) return html`<span class="muted">${t('idle')}</span>`;
    return html`${open.map(
      ({ candidate, submitted, to }, index) =>
        html`${index === 0 ? nothing : ', '}${link(candidate)} ${submitted < to ? t('evaluation') : t('agent')}`,
    )}`;
  }
}
customElements.define('aira-slots-view', AiraSlotsView);

export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

function device(view: SlotView | undefined): string {
  if (view === undefined) return '–';
  if (view.gpus.length === 0) return view.gpuProblem === null ? '–' : plainLine(view.gpuProblem, 120);
  return view.gpus.map(gpuLine).join('; ');
}

function gpuLine({ index, name, utilizationPercent, memoryUsedMb, memoryTotalMb }: SlotView['gpus'][number]): string {
  const gib = (mb: number) => (mb / 1024).toFixed(mb < 10 * 1024 ? 1 : 0);
  return [
    plainLine(`GPU ${index} ${name}`, 60),
    ...(utilizationPercent === null ? [] : [`${Math.round(utilizationPercent)} %`]),
    ...(memoryUsedMb === null || memoryTotalMb === null ? [] : [`${gib(memoryUsedMb)} / ${gib(memoryTotalMb)} GiB`]),
  ].join(' · ');
}
