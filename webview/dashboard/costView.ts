/** What a run's model calls take: over time, by candidate, and how much of that is known, estimated or unpriced. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { formatTokens, formatUsd, tokensOf } from '../../protocol/amounts.ts';
import { duration } from '../../protocol/duration.ts';
import type { CandidateId, RunSummary } from '../../protocol/run.ts';
import '../charts/lineChart.ts';
import type { ChartLine, ChartSpec } from '../charts/lineChart.ts';
import { plainLine } from '../charts/plainLine.ts';
import type { Range } from '../charts/scoreScale.ts';
import { durationTicks, linearTicks, type Tick } from '../charts/ticks.ts';
import { t } from '../frame/strings.ts';
import { ArElement, type ArEvent } from '../ui/element.ts';
import type { RunModel } from './runModel.ts';
import { percent } from './slotsView.ts';
import { type CandidateCost, type CostKind, candidateCosts, spendingCurve, spreadOf } from './spendingCurve.ts';

/** `ar-select` tells the candidate of the bar that was clicked. */
export class AiraCostView extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    selected: { attribute: false },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      gap: 8px;
      min-height: 0;
      overflow: auto;
    }
    .facts {
      display: flex;
      flex-wrap: wrap;
      gap: 6px 28px;
    }
    .facts div {
      font-variant-numeric: tabular-nums;
    }
    .facts span {
      display: block;
      font-size: var(--ar-small);
      color: var(--ar-muted);
    }
    .note {
      margin: 0;
      font-size: var(--ar-small);
      color: var(--ar-muted);
    }
    h2 {
      margin: 4px 0 0;
      font-size: var(--ar-small);
      font-weight: 400;
      color: var(--ar-muted);
      display: flex;
      flex-wrap: wrap;
      gap: 2px 16px;
    }
    h2 i {
      display: inline-block;
      width: 9px;
      height: 9px;
      margin-inline-end: 4px;
    }
    .priced {
      background: var(--vscode-charts-blue);
    }
    .estimated {
      background: var(--vscode-charts-yellow);
    }
    .unpriced {
      background: var(--vscode-charts-purple);
    }
    @media (forced-colors: active) {
      h2 i {
        forced-color-adjust: none;
      }
    }
    aira-line-chart {
      flex: 1 1 160px;
      min-height: 130px;
    }
    .none {
      margin: auto;
      color: var(--ar-muted);
    }
  `;
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
    const { spent } = model.summary;
    if (spent.calls === 0) return html`<p class="none">${t('No model has been called, so nothing was spent.')}</p>`;
    const unit = spent.unpricedCalls === spent.calls ? 'tokens' : 'usd';
    const costs = candidateCosts(model.candidates.values());
    return html`${this.#facts(model.summary, costs, unit)}
      <h2>${unit === 'usd' ? t('Cost so far, counted when an agent is done') : t('Tokens so far, counted when an agent is done')}</h2>
      <aira-line-chart label=${t('Spending over time')} .spec=${overTime(model, unit)}></aira-line-chart>
      <h2>
        <span>${t('By candidate')}</span>
        <span><i class="priced"></i>${t('all calls counted and priced')}</span>
        <span><i class="estimated"></i>${t('some calls estimated')}</span>
        <span><i class="unpriced"></i>${t('some calls without a price')}</span>
      </h2>
      <aira-line-chart
        label=${t('Spending by candidate')}
        .spec=${byCandidate(costs, unit, (id) => this.emit('ar-select', id))}
        @ar-select=${(event: ArEvent<CandidateId>) => event.stopPropagation()}
      ></aira-line-chart>`;
  }

  #facts({ spent, price, estimate, config }: RunSummary, costs: CandidateCost[], unit: Unit): TemplateResult {
    const spread = spreadOf(costs.map((cost) => amount(cost, unit)));
    const fact = (name: string, value: string) => html`<div><span>${name}</span>${value}</div>`;
    const notes = [
      ...(spent.unpricedCalls === 0
        ? []
        : [t('Calls without a price: {0} of {1}. The cost is more than this says.', spent.unpricedCalls, spent.calls)]),
      ...(spent.estimatedCalls === 0
        ? []
        : [
            t(
              'Of {0} of {1} calls the provider told no count: tokens and cost are our estimate.',
              spent.estimatedCalls,
              spent.calls,
            ),
          ]),
      ...(price === undefined || price === null
        ? []
        : [t('Prices as of {0}: {1}.', plainLine(price.asOf, 20), plainLine(price.source, 200))]),
      ...(estimate === undefined
        ? []
        : [
            t(
              'Before the start: {0} a candidate, {1}.',
              estimate.candidate.costUsd === null
                ? t('{0} tokens', formatTokens(estimate.candidate.tokens))
                : formatUsd(estimate.candidate.costUsd),
              plainLine(estimate.because, 200),
            ),
          ]),
      ...(config.budget?.candidateCostUsd === undefined
        ? []
        : [t('No candidate may take more than {0}.', formatUsd(config.budget.candidateCostUsd))]),
    ];
    return html`<div class="facts">
        ${fact(t('Cost'), spent.unpricedCalls === spent.calls ? t('unpriced') : formatUsd(spent.costUsd))}
        ${fact(t('Calls'), String(spent.calls))} ${fact(t('Tokens'), formatTokens(tokensOf(spent)))}
        ${fact(t('Input from cache'), spent.input === 0 ? '–' : percent(spent.cachedInput / spent.input))}
        ${fact(t('Output and thoughts'), formatTokens(spent.output + spent.thoughts))}
        ${spread === null ? nothing : fact(t('A candidate: median'), written(spread.median, unit))}
        ${spread === null ? nothing : fact(t('mean'), written(spread.mean, unit))}
        ${spread === null ? nothing : fact(t('largest'), written(spread.largest, unit))}
      </div>
      ${notes.map((note) => html`<p class="note">${note}</p>`)}`;
  }
}
customElements.define('aira-cost-view', AiraCostView);

type Unit = 'usd' | 'tokens';

function amount({ costUsd, tokens }: { costUsd: number; tokens: number }, unit: Unit): number {
  return unit === 'usd' ? costUsd : tokens;
}

function written(value: number, unit: Unit): string {
  return unit === 'usd' ? formatUsd(value) : formatTokens(value);
}

function amountTicks(unit: Unit): (range: Range, count: number) => Tick[] {
  return ({ from, to }, count) =>
    linearTicks(from, to, count).map(({ position, label }) => ({
      position,
      label: unit === 'usd' ? `$${label}` : formatTokens(position),
    }));
}

function overTime(model: RunModel, unit: Unit): ChartSpec {
  const { summary } = model;
  const curve = spendingCurve(model.candidates.values(), summary.createdAt, model.now());
  const values = unit === 'usd' ? curve.costUsd : curve.tokens;
  const most = values.at(-1) ?? 0;
  const limit = unit === 'usd' ? summary.config.budget?.costUsd : summary.config.budget?.tokens;
  // A bound that is far away would press the curve flat; the head of the panel shows how far.
  const near = limit !== undefined && limit < most * 3;
  const lines: ChartLine[] = limit === undefined ? [] : [{ position: limit, label: t('budget'), kind: 'limit' }];
  return {
    x: curve.at,
    series: [{ label: t('so far'), values, color: 0, form: 'steps', width: 1.5, fill: true }],
    bands: [],
    xDomain: { from: 0, to: Math.max(1000, curve.at.at(-1) ?? 0) },
    yDomain: { from: 0, to: Math.max(most, near ? limit : 0, 1e-6) * 1.08 },
    xTicks: ({ from, to }, count) => durationTicks(from, to, count),
    yTicks: amountTicks(unit),
    lines,
    tooltip: (index) =>
      html`${written(values[index] ?? 0, unit)} <span class="muted">${t('after {0}', duration(curve.at[index] ?? 0))}</span>`,
  };
}

const kinds: readonly CostKind[] = ['priced', 'estimated', 'unpriced'];

function byCandidate(costs: readonly CandidateCost[], unit: Unit, choose: (id: CandidateId) => void): ChartSpec {
  const amounts = costs.map((cost) => amount(cost, unit));
  const ids = costs.map(({ candidate }) => candidate);
  return {
    x: ids,
    series: kinds.map((kind, color) => ({
      label: kind,
      values: costs.map((cost) => (cost.kind === kind ? amount(cost, unit) : null)),
      // The first colours of series, as the key above the bars has them.
      color,
      form: 'bars',
      width: 0,
    })),
    bands: [],
    xDomain: { from: (ids[0] ?? 1) - 1, to: (ids.at(-1) ?? 1) + 1 },
    yDomain: {
      from: 0,
      to:
        Math.max(
          ...amounts.slice(0, 1),
          amounts.reduce((most, value) => Math.max(most, value), 0),
          1e-6,
        ) * 1.08,
    },
    xTicks: ({ from, to }, count) =>
      linearTicks(from, to, count).flatMap(({ position }) =>
        Number.isInteger(position) && position > 0 ? [{ position, label: `#${position}` }] : [],
      ),
    yTicks: amountTicks(unit),
    lines: [],
    tooltip: (index) => {
      const cost = costs[index];
      if (cost === undefined) return nothing;
      return html`#${cost.candidate}: ${written(amount(cost, unit), unit)}
        <span class="muted">${t('{0} tokens', formatTokens(cost.tokens))}</span>`;
    },
    choose: (index) => {
      const id = ids[index];
      if (id !== undefined) choose(id);
    },
  };
}
