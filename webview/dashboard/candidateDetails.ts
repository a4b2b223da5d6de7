/** All that is known of the candidate that is selected, and what can be done with it. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { formatCost, formatTokens, tokensOf } from '../../protocol/amounts.ts';
import { duration } from '../../protocol/duration.ts';
import type { Candidate } from '../../protocol/run.ts';
import { formatScore, formatScoreWithError } from '../../protocol/score.ts';
import { plainLine } from '../charts/plainLine.ts';
import { t } from '../frame/strings.ts';
import { visibleText } from '../text/visibleText.ts';
import '../ui/button.ts';
import { stepsWord } from '../text/counts.ts';
import { ArElement } from '../ui/element.ts';
import '../ui/icon.ts';
import '../ui/tag.ts';
import { candidateActions } from './candidateActions.ts';
import type { CandidateMenuDetail } from './candidateMenu.ts';
import { againstParent } from './candidateTip.ts';
import type { RunModel } from './runModel.ts';
import { originWord, outcomeWord, stateWord } from './words.ts';

/** `ar-activate` tells a command for the candidate; `aira-menu` asks for all of them. */
export class AiraCandidateDetails extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    candidate: { attribute: false },
  };
  static override styles = css`
    :host {
      display: block;
      overflow: auto;
    }
    h2 {
      margin: 0;
      font-size: var(--ar-large);
      font-weight: 600;
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 4px 8px;
    }
    h2 span {
      font-weight: 400;
      font-size: var(--ar-text);
      color: var(--ar-muted);
    }
    .score {
      margin-top: 4px;
      font-variant-numeric: tabular-nums;
    }
    .muted {
      color: var(--ar-muted);
    }
    .words {
      margin: 6px 0 0;
      overflow-wrap: anywhere;
      unicode-bidi: isolate;
    }
    .failure {
      margin: 6px 0 0;
      padding: 4px 8px;
      max-height: 120px;
      overflow: auto;
      white-space: pre-wrap;
      overflow-wrap: anywhere;
      font-family: var(--ar-mono);
      font-size: var(--ar-mono-size);
      border-inline-start: 2px solid var(--ar-error);
      background: var(--vscode-textBlockQuote-background, transparent);
    }
    .tags,
    .actions {
      display: flex;
      flex-wrap: wrap;
      gap: 4px;
      margin-top: 8px;
    }
    dl {
      display: grid;
      grid-template-columns: max-content 1fr;
      gap: 1px 12px;
      align-items: baseline;
      margin: 10px 0 0;
      font-size: var(--ar-small);
    }
    dt {
      color: var(--ar-muted);
    }
    dd {
      margin: 0;
      overflow-wrap: anywhere;
      font-variant-numeric: tabular-nums;
    }
    dd ar-icon {
      zoom: 0.75;
      vertical-align: -2px;
    }
  `;
  declare model: RunModel | null;
  declare version: number;
  declare candidate: Candidate | null;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.candidate = null;
  }

  protected override render() {
    const { model, candidate } = this;
    if (model === null || candidate === null) return nothing;
    const { id, failure, guidance, summary, idea, search } = candidate;
    const said = plainLine(summary || (idea ?? ''), 1000);
    return html`<h2>#${id} <span>${originWord(candidate)}</span></h2>
      <div class="score">${outcomeWord(candidate)} <span class="muted">${againstParent(candidate, model)}</span></div>
      ${failure === null ? nothing : html`<pre class="failure" tabindex="0">${visibleText(failure.message.slice(0, 4000))}</pre>`}
      ${said === '' ? nothing : html`<p class="words">${said}</p>`}
      ${guidance === undefined ? nothing : html`<p class="words muted">${t('A person asked: {0}', plainLine(guidance, 600))}</p>`}
      <div class="tags">${this.#tags(candidate)}</div>
      <div class="actions">${this.#actions(candidate, model)}</div>
      <dl>${facts(candidate, model).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      ${search === null ? nothing : this.#repeats(candidate)}`;
  }

  #tags({ pinned, excluded, autosubmitted, suspiciouslyPerfect, nearDuplicate, origin }: Candidate): TemplateResult[] {
    return [
      ...(suspiciouslyPerfect
        ? [html`<ar-tag tone="error">${t('suspiciously perfect: look for a leak')}</ar-tag>`]
        : []),
      ...(pinned === true ? [html`<ar-tag>${t('pinned')}</ar-tag>`] : []),
      ...(excluded === true ? [html`<ar-tag tone="warning">${t('excluded from the search')}</ar-tag>`] : []),
      ...(autosubmitted === true ? [html`<ar-tag tone="warning">${t('submitted for its agent')}</ar-tag>`] : []),
      ...(nearDuplicate === undefined
        ? []
        : [html`<ar-tag>${t('{0} % as #{1}', Math.round(nearDuplicate.similarity * 100), nearDuplicate.of)}</ar-tag>`]),
      ...(origin === 'person' ? [html`<ar-tag tone="info">${t('asked for by a person')}</ar-tag>`] : []),
    ];
  }

  #actions(candidate: Candidate, model: RunModel): TemplateResult[] {
    const all = candidateActions(candidate, model.summary).flat();
    const first = all.filter(({ command }) => ['openTrajectory', 'openProgram', 'fork'].includes(command));
    const more = (event: Event) => {
      if (!(event.currentTarget instanceof Element)) return;
      const { left, bottom } = event.currentTarget.getBoundingClientRect();
      const detail: CandidateMenuDetail = { candidate: candidate.id, clientX: left, clientY: bottom + 2 };
      this.dispatchEvent(new CustomEvent('aira-menu', { detail, bubbles: true, composed: true }));
    };
    return [
      ...first.map(
        ({ command, label, icon }, index) =>
          html`<ar-button
            appearance=${index === 0 ? 'primary' : 'secondary'}
            @click=${() => this.emit('ar-activate', command)}
            ><ar-icon name=${icon}></ar-icon>${label}</ar-button
          >`,
      ),
      html`<ar-button appearance="icon" label=${t('More Actions…')} @click=${more}
        ><ar-icon name="more"></ar-icon
      ></ar-button>`,
    ];
  }

  #repeats({ repeats }: Candidate): TemplateResult | typeof nothing {
    if (repeats === undefined || repeats.length === 0) return nothing;
    const scores = repeats.map(({ seed, search }) =>
      t('seed {0}: {1}', seed, search === null ? t('failed') : formatScore(search.value)),
    );
    return html`<p class="words muted">${t('Evaluated again: {0}', scores.join(', '))}</p>`;
  }
}
customElements.define('aira-candidate-details', AiraCandidateDetails);

function facts(candidate: Candidate, model: RunModel): [string, string | TemplateResult][] {
  const { createdAt, submittedAt, endedAt, steps, spent, seed, author, ranOn, evaluation } = candidate;
  const sealed = html`<ar-icon name="lock"></ar-icon> ${t('sealed')}`;
  const score = (value: Candidate['validation']) =>
    value !== null ? formatScoreWithError(value) : candidate.search === null || model.summary.unsealed ? '–' : sealed;
  const peak = Math.max(0, ...evaluation.map(({ peakMemoryMb }) => peakMemoryMb ?? 0));
  const end = endedAt ?? model.now();
  return [
    [t('State'), stateWord(candidate.state)],
    [t('Validation'), score(candidate.validation)],
    [t('Test'), score(candidate.test)],
    ...(candidate.hiddenSearch === undefined || candidate.hiddenSearch === null
      ? []
      : ([[t('Hidden search score'), formatScoreWithError(candidate.hiddenSearch)]] satisfies [string, string][])),
    [t('Agent'), `${duration((submittedAt ?? end) - createdAt)}, ${stepsWord(steps)}`],
    [
      t('Evaluation'),
      submittedAt === undefined
        ? '–'
        : `${duration(end - submittedAt)}${peak > 0 ? t(', {0} MB at most', Math.round(peak)) : ''}`,
    ],
    ...(spent === undefined
      ? []
      : ([
          [t('Cost'), formatCost(spent)],
          [t('Tokens'), formatTokens(tokensOf(spent))],
        ] satisfies [string, string][])),
    [t('Slot'), ranOn === undefined ? '–' : String(ranOn)],
    [t('Author'), plainLine(author, 100)],
    [t('Seed'), String(seed)],
  ];
}
