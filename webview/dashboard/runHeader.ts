/** The head of the dashboard: what runs, how it stands, what it has taken, what to know before believing it, and what to do. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { isClear } from '../../protocol/lead.ts';
import type { LinkMessage, PanelCommand } from '../../protocol/panels.ts';
import type { RunSummary } from '../../protocol/run.ts';
import { formatScoreWithError } from '../../protocol/score.ts';
import { switchesOf } from '../../protocol/switchWords.ts';
import { plainLine } from '../charts/plainLine.ts';
import '../frame/frame.ts';
import { t } from '../frame/strings.ts';
import { candidatesWord, slotsWord } from '../text/counts.ts';
import '../ui/button.ts';
import { ArElement, focusRing } from '../ui/element.ts';
import type { IconName } from '../ui/icon.ts';
import '../ui/icon.ts';
import '../ui/tag.ts';
import type { Tone } from '../ui/tag.ts';
import { budgetLines } from './budgets.ts';
import type { RunModel } from './runModel.ts';
import { whyNoneSelected } from './selection.ts';
import { runStateWord } from './words.ts';

/** `ar-activate` tells the command that was chosen; `ar-select` a candidate that is to be shown. */
export class AiraRunHeader extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    link: { attribute: false },
  };
  static override styles = [
    focusRing,
    css`
      :host {
        display: block;
        padding: 12px 16px 10px;
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 8px;
      }
      h1 {
        margin: 0;
        font-size: calc(var(--ar-text) + 5px);
        font-weight: 600;
        line-height: 1.3;
        unicode-bidi: isolate;
      }
      .meta {
        margin-top: 2px;
        color: var(--ar-muted);
        font-size: var(--ar-small);
        overflow-wrap: anywhere;
      }
      .actions {
        margin-inline-start: auto;
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
      }
      .figures {
        display: grid;
        grid-template-columns: minmax(190px, 1fr) minmax(220px, 1.2fr) minmax(280px, 2fr);
        gap: 10px 28px;
        margin-top: 12px;
      }
      @media (max-width: 760px) {
        .figures {
          grid-template-columns: 1fr 1fr;
        }
        .budgets {
          grid-column: 1 / -1;
        }
      }
      @media (max-width: 460px) {
        .figures {
          grid-template-columns: 1fr;
        }
      }
      h2 {
        margin: 0 0 2px;
        font-size: var(--ar-small);
        font-weight: 400;
        color: var(--ar-muted);
      }
      .number {
        font-size: calc(var(--ar-text) + 7px);
        line-height: 1.25;
        font-variant-numeric: tabular-nums;
      }
      .number small {
        font-size: var(--ar-text);
        color: var(--ar-muted);
      }
      .note {
        font-size: var(--ar-small);
        color: var(--ar-muted);
      }
      .note ar-button {
        margin-top: 6px;
      }
      button.plain {
        font: inherit;
        color: var(--vscode-textLink-foreground);
        background: none;
        border: none;
        padding: 0;
        cursor: pointer;
        text-decoration: var(--text-link-decoration, none);
      }
      button.plain:hover {
        text-decoration: underline;
      }
      .sealed {
        display: flex;
        align-items: center;
        gap: 6px;
      }
      summary {
        cursor: pointer;
        color: var(--vscode-textLink-foreground);
        width: fit-content;
      }
      details p {
        margin: 4px 0 0;
      }
      .budgets {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(128px, 1fr));
        gap: 6px 20px;
        align-content: start;
      }
      .budget .words {
        display: flex;
        justify-content: space-between;
        gap: 8px;
        font-size: var(--ar-small);
      }
      .budget .words span:first-child {
        color: var(--ar-muted);
      }
      .budget .words span:last-child {
        font-variant-numeric: tabular-nums;
        text-align: end;
      }
      .track {
        height: 3px;
        margin-top: 4px;
        border-radius: 2px;
        background: var(--vscode-editorWidget-border, var(--ar-line));
        overflow: hidden;
      }
      .track > div {
        height: 100%;
        background: var(--vscode-progressBar-background, var(--ar-info));
      }
      .track.full > div {
        background: var(--ar-warning);
      }
      .track.none {
        visibility: hidden;
      }
      @media (forced-colors: active) {
        .track {
          border: 1px solid CanvasText;
        }
        .track > div {
          background: Highlight;
          forced-color-adjust: none;
        }
      }
      .caveats {
        margin: 10px 0 0;
        padding: 0;
        list-style: none;
        font-size: var(--ar-small);
      }
      .caveats li {
        display: flex;
        align-items: flex-start;
        gap: 6px;
        padding: 1px 0;
      }
      .caveats .warning ar-icon {
        color: var(--ar-warning);
      }
    `,
  ];
  declare model: RunModel | null;
  /** Of the model, and of the clock: it changes in place. */
  declare version: number;
  declare link: LinkMessage | null;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.link = null;
  }

  protected override render() {
    const { model } = this;
    if (model === null) return nothing;
    const { summary } = model;
    return html`<div class="line">
        <h1>${plainLine(model.title, 200)}</h1>
        <ar-tag tone=${stateTone(summary)}>${runStateWord(summary)}</ar-tag>
        ${switchesOf(summary.config).map((name) => html`<ar-tag tone="warning">${name}</ar-tag>`)}
        ${summary.unsealedEarly === true ? html`<ar-tag tone="warning">${t('unsealed early')}</ar-tag>` : nothing}
        ${summary.config.sandbox === 'none' ? html`<ar-tag tone="error">${t('no sandbox')}</ar-tag>` : nothing}
        <div class="actions" role="group" aria-label=${t('Run')}>${this.#actions(summary)}</div>
      </div>
      <div class="meta">${this.#meta(summary)} <ar-machine .link=${this.link}></ar-machine></div>
      <div class="figures">
        <section>${this.#best(model)}</section>
        <section>${this.#decided(model)}</section>
        <section class="budgets" aria-label=${t('Budgets')}>${this.#budgets(model)}</section>
      </div>
      ${this.#notices(summary)}`;
  }

  #actions({ state, ending }: RunSummary): TemplateResult[] {
    const button = (command: PanelCommand, icon: IconName, label: string) =>
      html`<ar-button appearance="secondary" @click=${() => this.emit('ar-activate', command)}
        ><ar-icon name=${icon}></ar-icon>${label}</ar-button
      >`;
    const live = state === 'running' || state === 'paused';
    const stoppable = live || (state === 'stopping' && ending !== 'stop');
    return [
      ...(state === 'running' ? [button('pause', 'pause', t('Pause'))] : []),
      ...(state === 'paused' || state === 'interrupted' ? [button('resume', 'play', t('Resume'))] : []),
      ...(live ? [button('finish', 'flag', t('Finish'))] : []),
      ...(stoppable ? [button('stop', 'stop', t('Stop'))] : []),
      ...(state === 'finished' ? [] : [button('extend', 'add', t('Extend…'))]),
      button('report', 'info', t('Report')),
    ];
  }

  #meta({ id, config, metric, createdAt }: RunSummary): string {
    const direction = metric.direction === 'minimize' ? t('smaller is better') : t('larger is better');
    return [
      id,
      `${plainLine(metric.name, 60)}, ${direction}`,
      plainLine(config.model, 100),
      config.agentsPerSlot === 1
        ? slotsWord(config.workers)
        : t('{0}, {1} agents on each', slotsWord(config.workers), config.agentsPerSlot),
      t('seed {0}', config.seed),
      t('started {0}', new Date(createdAt).toLocaleString()),
    ].join(' · ');
  }

  #best(model: RunModel): TemplateResult {
    const { bestSearch, stagnation, config } = model.summary;
    const title = config.evaluation === 'hidden' ? t('Best by search score') : t('Best by its own report');
    if (bestSearch === null) return html`<h2>${title}</h2><div class="number"><small>${t('none yet')}</small></div>`;
    const { candidate, score, lead } = bestSearch;
    const [value, ...error] = formatScoreWithError(score).split(' ');
    const show = () => this.emit('ar-select', candidate);
    return html`<h2>${title}</h2>
      <div class="number">${value} <small>${error.join(' ')}</small></div>
      <div class="note">
        <button type="button" class="plain" @click=${show}>#${candidate}</button>${
          lead === null
            ? nothing
            : html`, ${
                lead.standardError === 0
                  ? t('ahead of #{0}', lead.over)
                  : t(
                      'ahead of #{0} by {1} standard errors',
                      lead.over,
                      (lead.difference / lead.standardError).toFixed(1),
                    )
              }${isClear(lead) ? '' : t(', within noise')}`
        }<br />${
          stagnation.sinceBest === 0
            ? t('came in last')
            : stagnation.sinceBest === stagnation.sinceClearBest
              ? t('{0} since then', candidatesWord(stagnation.sinceBest))
              : t(
                  '{0} since then, {1} since the last clear step',
                  candidatesWord(stagnation.sinceBest),
                  stagnation.sinceClearBest,
                )
        }
      </div>`;
  }

  /** What decided and what is to be believed, or that nobody may know it yet, and why. */
  #decided(model: RunModel): TemplateResult {
    const { selected, unsealed, state } = model.summary;
    const chosen = model.candidate(selected);
    if (chosen !== null) {
      const show = () => this.emit('ar-select', chosen.id);
      return html`<h2>${t('Selected program, score on the test split')}</h2>
        <div class="number">${chosen.test === null ? t('none') : formatScoreWithError(chosen.test)}</div>
        <div class="note">
          <button type="button" class="plain" @click=${show}>#${chosen.id}</button>, ${t(
            'chosen by its validation score, {0}',
            chosen.validation === null ? '–' : formatScoreWithError(chosen.validation),
          )}
        </div>`;
    }
    if (state === 'finished')
      return html`<h2>${t('Selected program, score on the test split')}</h2>
        <div class="number"><small>${t('no program was selected')}</small></div>
        <div class="note">${noneSelectedWords(model)}</div>`;
    if (unsealed)
      return html`<h2>${t('Validation and test scores')}</h2>
        <div class="sealed"><ar-icon name="unlock"></ar-icon>${t('unsealed before the end')}</div>
        <div class="note">${t('The program is selected when the search has ended.')}</div>`;
    return html`<h2>${t('Validation and test scores')}</h2>
      <div class="sealed"><ar-icon name="lock"></ar-icon>${t('sealed until the search has ended')}</div>
      <div class="note">
        <details>
          <summary>${t('What this means')}</summary>
          <p>
            ${t(
              'They do not exist yet, for anybody: they are computed from the kept predictions when the search has ended. So nothing, and nobody, can steer the search by them, and the test score stays one to believe.',
            )}
          </p>
          <p>
            ${t(
              'Unsealing computes them now, of all candidates that are scored. The run is marked for good, here and in its report, because from then on they may have influenced what is done.',
            )}
          </p>
          <ar-button appearance="secondary" @click=${() => this.emit('ar-activate', 'unseal')}
            ><ar-icon name="unlock"></ar-icon>${t('Unseal…')}</ar-button
          >
        </details>
      </div>`;
  }

  #budgets(model: RunModel): TemplateResult[] {
    return budgetLines(model.summary, model.activeMs()).map(({ name, text, share, isGoal = false }) => {
      const percent = Math.round((share ?? 0) * 1000) / 10;
      return html`<div class="budget">
        <div class="words"><span>${name}</span><span>${text}</span></div>
        <div
          class="track ${share === null ? 'none' : share >= 1 && !isGoal ? 'full' : ''}"
          role=${share === null ? nothing : 'meter'}
          aria-label=${share === null ? nothing : name}
          aria-valuenow=${share === null ? nothing : percent}
          aria-valuemin=${share === null ? nothing : 0}
          aria-valuemax=${share === null ? nothing : 100}
          aria-valuetext=${share === null ? nothing : text}
        >
          <div .style=${`width: ${percent}%`}></div>
        </div>
      </div>`;
    });
  }

  #notices({ outage, interruption, endReason, state, caveats }: RunSummary): TemplateResult | typeof nothing {
    const lines: [IconName, string][] = [];
    if (outage !== null)
      lines.push([
        'warning',
        t('The model does not answer, agents wait and the clock stands still: {0}', plainLine(outage, 300)),
      ]);
    if (interruption !== undefined && state === 'interrupted')
      lines.push(['warning', t('It is down, and can be resumed: {0}', plainLine(interruption, 300))]);
    if (endReason !== null && state !== 'running')
      lines.push(['info', t('The search has ended: {0}', plainLine(endReason, 300))]);
    for (const caveat of caveats) lines.push(['warning', plainLine(caveat, 400)]);
    if (lines.length === 0) return nothing;
    return html`<ul class="caveats" aria-label=${t('What to know of this run')}>
      ${lines.map(([icon, line]) => html`<li class=${icon}><ar-icon name=${icon}></ar-icon><span>${line}</span></li>`)}
    </ul>`;
  }
}
customElements.define('aira-run-header', AiraRunHeader);

function noneSelectedWords({ candidates }: RunModel): string {
  switch (whyNoneSelected(candidates.values())) {
    case 'nothing scored':
      return t('No candidate came to a score.');
    case 'all excluded':
      return t('Every candidate with a score is excluded from the search.');
    case 'no validation score':
      return t('No candidate that may be selected has a validation score.');
    case null:
      return '';
  }
}

function stateTone({ state, outage }: RunSummary): Tone {
  if (outage !== null) return 'warning';
  switch (state) {
    case 'running':
      return 'info';
    case 'finished':
      return 'success';
    case 'paused':
    case 'stopping':
      return 'neutral';
    case 'interrupted':
      return 'warning';
  }
}
