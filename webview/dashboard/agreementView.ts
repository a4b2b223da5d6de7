/** Search against validation: how much the search flatters itself; while that is sealed, why. */
import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { CandidateId } from '../../protocol/run.ts';
import { formatScoreWithError } from '../../protocol/score.ts';
import { t } from '../frame/strings.ts';
import { candidatesWord } from '../text/counts.ts';
import '../ui/button.ts';
import { ArElement, type ArEvent } from '../ui/element.ts';
import '../ui/icon.ts';
import './agreementPlane.ts';
import { optimism, searchAgainstValidation } from './optimism.ts';
import type { PlotOptions } from './populationScene.ts';
import type { RunModel } from './runModel.ts';
import { formatDifference, gainWord } from './words.ts';

/** `ar-select` tells a candidate; `ar-activate` the command `unseal`. */
export class AiraAgreementView extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    options: { attribute: false },
    selected: { attribute: false },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      gap: 8px;
      min-height: 0;
    }
    .facts {
      display: flex;
      flex-wrap: wrap;
      gap: 6px 28px;
      font-variant-numeric: tabular-nums;
    }
    .facts span {
      display: block;
      font-size: var(--ar-small);
      color: var(--ar-muted);
    }
    aira-agreement-plane {
      flex: 1;
      min-height: 200px;
    }
    .sealed {
      margin: auto;
      max-width: 460px;
      text-align: center;
    }
    .sealed p {
      color: var(--ar-muted);
    }
  `;
  declare model: RunModel | null;
  declare version: number;
  declare options: PlotOptions;
  declare selected: CandidateId | null;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.options = { scoreMode: 'linear', clip: true, across: 'time' };
    this.selected = null;
  }

  protected override render() {
    const { model } = this;
    if (model === null) return nothing;
    const pairs = searchAgainstValidation(model.candidates.values());
    if (pairs.length === 0) return this.#sealed(model.summary.unsealed);
    const found = optimism(pairs, model.summary);
    const best = model.candidate(model.summary.bestSearch?.candidate ?? null);
    const chosen = model.candidate(model.summary.selected);
    const fact = (name: string, value: string | TemplateResult) => html`<div><span>${name}</span>${value}</div>`;
    return html`<div class="facts">
        ${
          found === null
            ? nothing
            : fact(
                t('Search against validation, mean of {0}', found.candidates),
                `${gainWord(found.mean)}${found.standardError === null ? '' : ` ± ${formatDifference(found.standardError)}`}`,
              )
        }
        ${found?.ofBest == null || best === null ? nothing : fact(t('of #{0}, best by search', best.id), gainWord(found.ofBest))}
        ${
          chosen === null
            ? nothing
            : fact(
                t('Selected #{0}: validation', chosen.id),
                chosen.validation === null ? '–' : formatScoreWithError(chosen.validation),
              )
        }
        ${
          chosen === null
            ? nothing
            : fact(t('test, which decided nothing'), chosen.test === null ? '–' : formatScoreWithError(chosen.test))
        }
      </div>
      <aira-agreement-plane
        label=${t('Search score against validation score of {0}', candidatesWord(pairs.length))}
        .model=${model}
        .version=${this.version}
        .options=${this.options}
        .selected=${this.selected}
        @ar-select=${(event: ArEvent<CandidateId | null>) => {
          event.stopPropagation();
          this.emit('ar-select', event.detail.value);
        }}
      ></aira-agreement-plane>`;
  }

  #sealed(unsealed: boolean): TemplateResult {
    if (unsealed)
      return html`<div class="sealed"><p>${t('No candidate has a search score and a validation score.')}</p></div>`;
    return html`<div class="sealed">
      <ar-icon name="lock"></ar-icon>
      <p>
        ${t(
          'Validation scores are sealed: they are computed when the search has ended. Then each candidate stands here with both scores, and one sees how far the search has flattered itself.',
        )}
      </p>
      <ar-button appearance="secondary" @click=${() => this.emit('ar-activate', 'unseal')}
        ><ar-icon name="unlock"></ar-icon>${t('Unseal…')}</ar-button
      >
    </div>`;
  }
}
customElements.define('aira-agreement-view', AiraAgreementView);
