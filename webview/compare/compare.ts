/** Several runs on one task: best so far of each group of seeds, and what they came to. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { ComparedRun, FromComparePanel, LinkMessage, ToComparePanel } from '../../protocol/panels.ts';
import type { RunId, RunSummary } from '../../protocol/run.ts';
import { formatScore } from '../../protocol/score.ts';
import '../charts/lineChart.ts';
import { plainLine } from '../charts/plainLine.ts';
import '../frame/frame.ts';
import { PanelElement } from '../frame/panelElement.ts';
import { t } from '../frame/strings.ts';
import { candidatesWord, runsWord } from '../text/counts.ts';
import '../ui/button.ts';
import '../ui/checkbox.ts';
import { type ArEvent, focusRing } from '../ui/element.ts';
import '../ui/icon.ts';
import { type CompareOptions, comparison } from './comparison.ts';
import { comparisonChart } from './comparisonChart.ts';
import './finalsTable.ts';
import { seedGroups } from './seedGroups.ts';

type Reset = Extract<ToComparePanel, { type: 'reset' }>;

export class AiraCompare extends PanelElement<ToComparePanel, FromComparePanel> {
  static override properties: PropertyDeclarations = { content: { state: true }, options: { state: true } };
  static override styles = [
    focusRing,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 300px;
        overflow: hidden;
      }
      .main {
        display: flex;
        flex-direction: column;
        gap: 8px;
        min-height: 0;
        padding: 12px 16px;
        overflow: auto;
      }
      h1 {
        margin: 0;
        font-size: calc(var(--ar-text) + 5px);
        font-weight: 600;
        line-height: 1.3;
        unicode-bidi: isolate;
      }
      .meta,
      .hint {
        color: var(--ar-muted);
        font-size: var(--ar-small);
      }
      .warning {
        display: flex;
        gap: 6px;
        font-size: var(--ar-small);
      }
      .warning ar-icon {
        color: var(--ar-warning);
      }
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
      }
      .tools .space {
        width: 12px;
      }
      aira-line-chart {
        flex: 1 1 260px;
        min-height: 220px;
      }
      aira-finals-table {
        flex: 0 1 auto;
        max-height: 45%;
        min-height: 80px;
      }
      aside {
        padding: 12px 14px;
        overflow: auto;
        border-left: 1px solid var(--ar-line);
        background: var(--vscode-sideBar-background, transparent);
      }
      h2 {
        margin: 0 0 6px;
        font-size: var(--ar-text);
        font-weight: 600;
      }
      ul {
        margin: 0 0 12px;
        padding: 0;
        list-style: none;
      }
      li {
        padding: 3px 0;
      }
      li .hint {
        padding-inline-start: 26px;
        overflow-wrap: anywhere;
      }
      .none {
        margin: auto;
        color: var(--ar-muted);
      }
      @media (max-width: 760px) {
        :host {
          display: block;
          overflow: auto;
        }
        .main {
          overflow: visible;
        }
        aira-line-chart {
          flex: none;
          height: 320px;
        }
        aira-finals-table {
          max-height: none;
        }
        aside {
          border-left: none;
          border-top: 1px solid var(--ar-line);
        }
      }
    `,
  ];
  declare protected content: Reset | null;
  declare protected options: CompareOptions;

  constructor() {
    super();
    this.content = null;
    this.options = { over: 'time', middle: 'mean', spread: 'range', scoreMode: 'linear', single: false };
  }

  override receive(message: Exclude<ToComparePanel, LinkMessage>): void {
    if (message.type === 'reset') {
      this.content = message;
      this.host.keep({ kind: 'compare', runs: message.runs.map(({ summary }) => summary.id) });
      return;
    }
    if (this.content === null) return;
    const { runs } = this.content;
    const known = runs.some(({ summary }) => summary.id === message.run.summary.id);
    // A run that a person has taken out meanwhile does not come back by itself.
    if (!known) return;
    this.content = {
      ...this.content,
      runs: runs.map((run) => (run.summary.id === message.run.summary.id ? message.run : run)),
    };
  }

  protected override render() {
    const { content } = this;
    if (content === null) return html`<p class="none" role="status">${t('Loading the runs…')}</p>`;
    return html`<div class="main">${this.#main(content)}</div>
      ${this.#picker(content)}`;
  }

  #main({ title, runs, references }: Reset): TemplateResult {
    const groups = seedGroups(runs);
    const metric = runs[0]?.summary.metric;
    const head = html`<div>
      <h1>${plainLine(title, 200)}</h1>
      <div class="meta">
        ${metric === undefined ? nothing : `${plainLine(metric.name, 60)}, ${metric.direction === 'minimize' ? t('smaller is better') : t('larger is better')} · `}${sizeWords(runs.length, groups.length)}
        <ar-machine .link=${this.link}></ar-machine>
      </div>
    </div>`;
    if (runs.length === 0) return html`${head}<p class="none">${t('Choose the runs to compare.')}</p>`;
    const made = comparison(groups, references, this.options);
    const label = t('Best search score so far of {0}', runsWord(runs.length));
    return html`${head} ${incomparable(runs)} ${this.#tools()}
      <aira-line-chart label=${label} .spec=${comparisonChart(made, this.options)}></aira-line-chart>
      <aira-finals-table
        tabindex="0"
        role="region"
        aria-label=${t('What the runs came to')}
        .groups=${groups}
        @ar-activate=${({ detail }: ArEvent<RunId>) =>
          this.host.send({ type: 'command', command: 'openDashboard', run: detail.value, candidates: [] })}
      ></aira-finals-table>`;
  }

  #tools(): TemplateResult {
    const { over, middle, spread, scoreMode, single } = this.options;
    const choice = (label: string, pressed: boolean, change: Partial<CompareOptions>) =>
      html`<ar-button
        appearance="secondary"
        .pressed=${pressed}
        @click=${() => {
          this.options = { ...this.options, ...change };
        }}
        >${pressed ? html`<ar-icon name="check"></ar-icon>` : nothing}${label}</ar-button
      >`;
    return html`<div class="tools" role="toolbar" aria-label=${t('Plot')}>
      ${choice(t('By Time'), over === 'time', { over: 'time' })}
      ${choice(t('By Candidates'), over === 'candidates', { over: 'candidates' })}
      <span class="space"></span>
      ${choice(t('Mean'), middle === 'mean', { middle: 'mean' })}
      ${choice(t('Median'), middle === 'median', { middle: 'median' })}
      <span class="space"></span>
      ${choice(t('Best to Worst'), spread === 'range', { spread: 'range' })}
      ${choice(t('Standard Error'), spread === 'error', { spread: 'error' })}
      <span class="space"></span>
      ${choice(t('Single Runs'), single, { single: !single })}
      ${choice(t('Log Scale'), scoreMode === 'log', { scoreMode: scoreMode === 'log' ? 'linear' : 'log' })}
    </div>`;
  }

  #picker({ runs, available }: Reset): TemplateResult {
    const shown = runs.map(({ summary }) => summary.id);
    const set = (id: RunId, on: boolean) =>
      this.host.send({ type: 'runs', runs: on ? [...shown, id] : shown.filter((one) => one !== id) });
    const all = [...runs.map(({ summary }) => summary), ...available.filter(({ id }) => !shown.includes(id))].sort(
      (a, b) => b.createdAt - a.createdAt,
    );
    return html`<aside aria-label=${t('Runs on this task')}>
      <h2>${t('Runs on this task')}</h2>
      <ul>
        ${all.map(
          (summary) => html`<li>
            <ar-checkbox
              label=${summary.id}
              .checked=${shown.includes(summary.id)}
              @ar-change=${({ detail }: ArEvent<boolean>) => set(summary.id, detail.value)}
            ></ar-checkbox>
            <div class="hint">${runLine(summary)}</div>
          </li>`,
        )}
      </ul>
    </aside>`;
  }
}
customElements.define('aira-compare', AiraCompare);

function sizeWords(runs: number, groups: number): string {
  if (runs === 1) return runsWord(1);
  return groups === 1
    ? t('{0} that differ in nothing but their seed', runsWord(runs))
    : t('{0} in {1} groups that differ in more than their seed', runsWord(runs), groups);
}

function runLine({ config, state, bestSearch, counts }: RunSummary): string {
  const best = bestSearch === null ? t('no score yet') : formatScore(bestSearch.score.value);
  return [plainLine(config.model, 60), t('seed {0}', config.seed), state, candidatesWord(counts.created), best].join(
    ' · ',
  );
}

/** Scores on different rows, or by different rules, say nothing about each other. */
function incomparable(runs: readonly ComparedRun[]): TemplateResult | typeof nothing {
  const differ = (of: (summary: RunSummary) => string | undefined) =>
    new Set(runs.map(({ summary }) => of(summary)).filter((value) => value !== undefined)).size > 1;
  const words = differ(({ splitHash }) => splitHash)
    ? t('These runs were scored on different splits of the data: their scores cannot be compared.')
    : differ(({ metric, scoringHash }) => `${metric.name} ${metric.direction} ${scoringHash ?? ''}`)
      ? t('These runs were scored by different rules: their scores cannot be compared.')
      : differ(({ config }) => config.evaluation)
        ? t('Some of these runs are compared by what their programs say of themselves, not by hidden scores.')
        : null;
  return words === null ? nothing : html`<div class="warning"><ar-icon name="warning"></ar-icon>${words}</div>`;
}
