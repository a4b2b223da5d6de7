/** What groups and runs have come to, in a table: the other half of the comparison, and the key to its lines. */
import { css, html, nothing, type PropertyDeclarations, svg, type TemplateResult } from 'lit';
import { formatCost } from '../../protocol/amounts.ts';
import { duration } from '../../protocol/duration.ts';
import type { RunId } from '../../protocol/run.ts';
import { formatScore, formatScoreWithError } from '../../protocol/score.ts';
import { seriesDashes } from '../charts/lineChart.ts';
import { t } from '../frame/strings.ts';
import { ArElement, focusRing } from '../ui/element.ts';
import '../ui/icon.ts';
import { type Average, type GroupFinal, groupFinals, type RunFinal } from './finals.ts';
import type { SeedGroup } from './seedGroups.ts';

/** `ar-activate` tells the run that is to be opened. */
export class AiraFinalsTable extends ArElement {
  static override properties: PropertyDeclarations = { groups: { attribute: false } };
  static override styles = [
    focusRing,
    css`
      :host {
        display: block;
        overflow: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: 3px 14px 3px 0;
        text-align: start;
        font-weight: 400;
        white-space: nowrap;
      }
      thead th {
        position: sticky;
        top: 0;
        background: var(--vscode-editor-background);
        color: var(--ar-muted);
        font-size: var(--ar-small);
        border-bottom: 1px solid var(--ar-line);
      }
      .group th,
      .group td {
        padding-top: 8px;
        font-weight: 600;
      }
      .run th {
        padding-inline-start: 34px;
      }
      .end {
        text-align: end;
      }
      .group th {
        white-space: normal;
      }
      .group svg {
        width: 26px;
        height: 10px;
        margin-inline-end: 8px;
        fill: none;
        stroke-width: 2.5;
      }
      .c0 {
        stroke: var(--vscode-charts-blue);
      }
      .c1 {
        stroke: var(--vscode-charts-yellow);
      }
      .c2 {
        stroke: var(--vscode-charts-purple);
      }
      .c3 {
        stroke: var(--vscode-charts-green);
      }
      .c4 {
        stroke: var(--vscode-charts-red);
      }
      .c5 {
        stroke: var(--vscode-charts-foreground);
      }
      button {
        font: inherit;
        color: var(--vscode-textLink-foreground);
        background: none;
        border: none;
        padding: 0;
        cursor: pointer;
        text-decoration: var(--text-link-decoration, none);
      }
      button:hover {
        text-decoration: underline;
      }
      .muted {
        color: var(--ar-muted);
      }
      ar-icon {
        zoom: 0.8;
        vertical-align: -2px;
      }
    `,
  ];
  declare groups: readonly SeedGroup[];

  constructor() {
    super();
    this.groups = [];
  }

  protected override render() {
    return html`<table>
      <thead>
        <tr>
          <th scope="col">${t('Runs')}</th>
          <th scope="col" class="end">${t('Seed')}</th>
          <th scope="col" class="end">${t('Best by search')}</th>
          <th scope="col" class="end">${t('Test of the selected')}</th>
          <th scope="col" class="end">${t('Candidates')}</th>
          <th scope="col" class="end">${t('Time')}</th>
          <th scope="col" class="end">${t('Cost')}</th>
        </tr>
      </thead>
      <tbody>
        ${groupFinals(this.groups).map((final, index) => this.#group(final, index))}
      </tbody>
    </table>`;
  }

  #group(final: GroupFinal, index: number): TemplateResult {
    const dash = (seriesDashes[index % seriesDashes.length] ?? []).join(' ');
    const line = svg`<svg viewBox="0 0 26 10" aria-hidden="true"><path class=${`c${index % 6}`} stroke-dasharray=${dash || nothing} d="M0 5h26" /></svg>`;
    const { runs, best, test, group } = final;
    return html`<tr class="group">
        <th scope="rowgroup">${line}${group.label}</th>
        <td class="end">${runs.length === 1 ? '' : t('{0} seeds', runs.length)}</td>
        <td class="end">${averageWords(best)}</td>
        <td class="end">${averageWords(test)}</td>
        <td></td>
        <td></td>
        <td></td>
      </tr>
      ${runs.map((run) => this.#run(run))}`;
  }

  #run({ run: { summary }, best, test, selected, ended }: RunFinal): TemplateResult {
    const open = (id: RunId) => () => this.emit('ar-activate', id);
    return html`<tr class="run">
      <th scope="row">
        <button type="button" @click=${open(summary.id)}>${summary.id}</button>
        <span class="muted">${summary.state}</span>
      </th>
      <td class="end">${summary.config.seed}</td>
      <td class="end">
        ${best === null ? '–' : html`${formatScoreWithError(best.score)} <span class="muted">#${best.candidate}</span>`}
      </td>
      <td class="end">${testWords(test, selected)}</td>
      <td class="end">${ended}</td>
      <td class="end">${duration(summary.activeMs)}</td>
      <td class="end">${summary.spent.calls === 0 ? '–' : formatCost(summary.spent)}</td>
    </tr>`;
  }
}
customElements.define('aira-finals-table', AiraFinalsTable);

function averageWords(average: Average | null): string {
  if (average === null) return '';
  const { mean, standardError, runs } = average;
  return runs === 1 ? formatScore(mean) : `${formatScore(mean)} ± ${Number(standardError.toPrecision(2))}`;
}

function testWords(test: RunFinal['test'], selected: number | null): TemplateResult | string {
  if (test === 'sealed') return html`<span class="muted"><ar-icon name="lock"></ar-icon> ${t('sealed')}</span>`;
  return test === null
    ? '–'
    : html`${formatScore(test)} ${selected === null ? nothing : html`<span class="muted">#${selected}</span>`}`;
}
