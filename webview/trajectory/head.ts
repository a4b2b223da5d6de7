/** Who this trajectory is of: the candidate, how it fared, what it took, and what can be done with it. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatCost, formatTokens, tokensOf } from '../../protocol/amounts.ts';
import type { LinkMessage, PanelCommand } from '../../protocol/panels.ts';
import type { Candidate, RunSummary } from '../../protocol/run.ts';
import { formatScoreWithError } from '../../protocol/score.ts';
import '../frame/frame.ts';
import { t } from '../frame/strings.ts';
import { stepsWord } from '../text/counts.ts';
import { shortDuration } from '../text/shortDuration.ts';
import { visibleText } from '../text/visibleText.ts';
import '../ui/button.ts';
import { ArElement } from '../ui/element.ts';
import '../ui/icon.ts';
import '../ui/link.ts';
import '../ui/progressRing.ts';
import '../ui/tag.ts';
import type { Tone } from '../ui/tag.ts';
import { type HeadAction, headActions } from './headActions.ts';

const tones: Record<Candidate['state'], Tone> = {
  running: 'info',
  evaluating: 'info',
  scored: 'success',
  failed: 'error',
  abandoned: 'neutral',
};

export class ArTrajectoryHead extends ArElement {
  static override properties: PropertyDeclarations = {
    run: { attribute: false },
    heading: { attribute: false },
    candidate: { attribute: false },
    doing: { attribute: false },
    took: { attribute: false },
    link: { attribute: false },
  };
  static override styles = css`
    :host {
      display: block;
      padding: 10px 16px 4px;
    }
    .line {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 4px 10px;
      min-height: 26px;
    }
    h1 {
      font-size: var(--ar-large);
      font-weight: 600;
      margin: 0;
    }
    .score {
      font-variant-numeric: tabular-nums;
      font-weight: 600;
    }
    .actions {
      margin-left: auto;
      display: flex;
      align-items: center;
      gap: 4px;
    }
    .facts {
      color: var(--ar-muted);
      font-size: var(--ar-small);
      font-variant-numeric: tabular-nums;
      gap: 2px 14px;
      min-height: 20px;
    }
    .facts > span {
      display: inline-flex;
      align-items: center;
      gap: 4px;
    }
    .failure {
      display: flex;
      gap: 6px;
    }
    .failure ar-icon {
      color: var(--ar-error);
    }
    .failure p {
      min-width: 0;
    }
    p {
      margin: 2px 0;
      overflow-wrap: anywhere;
      display: -webkit-box;
      -webkit-line-clamp: 2;
      -webkit-box-orient: vertical;
      overflow: hidden;
    }
  `;
  declare run: RunSummary;
  declare heading: string;
  declare candidate: Candidate;
  /** What the agent does now, in words; empty when it is done. */
  declare doing: string;
  /** Milliseconds from its start to its end, or to now. */
  declare took: number;
  declare link: LinkMessage | null;
  declare command: (command: PanelCommand, candidates: number[]) => void;

  protected override render() {
    const { candidate, run } = this;
    const { id, state, search, summary, idea, failure } = candidate;
    const words = visibleText(summary.trim() === '' ? (idea ?? '') : summary);
    return html`<div class="line">
        <h1>${t('Candidate #{0}', id)}</h1>
        ${this.#origin()}
        <ar-tag tone=${tones[state]}>${stateName(state)}</ar-tag>
        ${
          search === null
            ? nothing
            : html`<span class="score" title=${t('{0} on the search split, with its standard error', visibleText(run.metric.name))}
                >${formatScoreWithError(search)}</span
              >`
        }
        ${this.doing === '' ? nothing : html`<ar-progress-ring label=${this.doing}></ar-progress-ring><span>${this.doing}</span>`}
        ${this.#marks()}
        <div class="actions">${this.#actions()}</div>
      </div>
      ${words === '' ? nothing : html`<p title=${words}>${words}</p>`}
      ${
        failure === null
          ? nothing
          : html`<div class="failure">
            <ar-icon name="error"></ar-icon>
            <p title=${visibleText(failure.message)}>${visibleText(failure.message)}</p>
          </div>`
      }
      <div class="line facts">${this.#facts()}</div>`;
  }

  #origin(): TemplateResult {
    const { operator, parents, origin } = this.candidate;
    const links = parents.map(
      (parent, at) =>
        html`${at === 0 ? '' : ' × '}<ar-link
            label=${t('Open the trajectory of #{0}', parent)}
            @click=${() => this.command('openTrajectory', [parent])}
            >#${parent}</ar-link
          >`,
    );
    const name = {
      draft: t('draft'),
      mutation: t('mutation of'),
      crossover: t('crossover of'),
      human: t('by a person'),
    }[operator];
    return html`<span
      >${name} ${links}${origin === 'person' && operator !== 'human' ? html` · ${t('asked for by a person')}` : nothing}</span
    >`;
  }

  #marks(): TemplateResult {
    const { pinned, excluded, nearDuplicate, autosubmitted, suspiciouslyPerfect } = this.candidate;
    const tag = (shown: boolean, tone: Tone, words: string, why: string) =>
      shown ? html`<ar-tag tone=${tone} title=${why}>${words}</ar-tag>` : nothing;
    return html`${tag(pinned === true, 'neutral', t('pinned'), t('You keep it in view'))}
    ${tag(excluded === true, 'warning', t('excluded'), t('It is never sampled as a parent, nor selected'))}
    ${
      nearDuplicate === undefined
        ? nothing
        : tag(
            true,
            'warning',
            t('near-duplicate of #{0}', nearDuplicate.of),
            t('The programs are the same but for a few tokens'),
          )
    }
    ${tag(autosubmitted === true, 'warning', t('submitted by the engine'), t('Its agent ended without submitting'))}
    ${tag(suspiciouslyPerfect, 'error', t('suspiciously perfect'), t('Look for a leak before you believe it'))}`;
  }

  #facts(): TemplateResult {
    const { candidate, run } = this;
    const { spent, steps, validation, test } = candidate;
    const sealed = validation === null && test === null && !run.unsealed;
    return html`<span>${visibleText(this.heading)}</span>
      <span>${visibleText(run.config.model)}</span>
      ${steps === 0 ? nothing : html`<span>${stepsWord(steps)}</span>`}
      ${this.took > 0 ? html`<span>${shortDuration(this.took)}</span>` : nothing}
      ${
        spent === undefined || tokensOf(spent) === 0
          ? nothing
          : html`<span>${t('{0} tokens', formatTokens(tokensOf(spent)))}</span><span>${formatCost(spent)}</span>`
      }
      ${
        sealed
          ? html`<span title=${t('They are computed when the run has ended: until then nobody, you neither, can choose by them.')}
              ><ar-icon name="lock"></ar-icon>${t('validation and test sealed')}</span
            >`
          : nothing
      }
      ${validation === null ? nothing : html`<span>${t('validation {0}', formatScoreWithError(validation))}</span>`}
      ${test === null ? nothing : html`<span>${t('test {0}', formatScoreWithError(test))}</span>`}
      <ar-machine .link=${this.link}></ar-machine>`;
  }

  /** By its icon a button stays the same while others come and go: the keyboard stays with it. */
  #actions() {
    return repeat(
      headActions(this.candidate, this.run),
      ({ icon }) => icon,
      (action) => this.#action(action),
    );
  }

  #action({ command, label, icon, isWritten }: HeadAction): TemplateResult {
    const act = () => this.command(command, [this.candidate.id]);
    return isWritten
      ? html`<ar-button appearance="secondary" @click=${act}><ar-icon name=${icon}></ar-icon>${label}</ar-button>`
      : html`<ar-button appearance="icon" label=${label} @click=${act}><ar-icon name=${icon}></ar-icon></ar-button>`;
  }
}
customElements.define('ar-trajectory-head', ArTrajectoryHead);

export function stateName(state: Candidate['state']): string {
  return {
    running: t('at work'),
    evaluating: t('being evaluated'),
    scored: t('scored'),
    failed: t('failed'),
    abandoned: t('abandoned'),
  }[state];
}
