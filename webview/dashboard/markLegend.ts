/** What the shapes and colours of marks mean, and which lines they are read against: for those who see no plot, too. */
import { css, html, type PropertyDeclarations, svg, type TemplateResult } from 'lit';
import type { ReferenceLine } from '../../protocol/panels.ts';
import type { CandidateState, Operator } from '../../protocol/run.ts';
import { formatScore } from '../../protocol/score.ts';
import { plainLine } from '../charts/plainLine.ts';
import { t } from '../frame/strings.ts';
import { ArElement } from '../ui/element.ts';
import { operatorWord, stateWord } from './words.ts';

export class AiraMarkLegend extends ArElement {
  static override properties: PropertyDeclarations = { view: { type: String }, references: { attribute: false } };
  static override styles = css`
    :host {
      display: flex;
      flex-wrap: wrap;
      gap: 2px 14px;
      color: var(--ar-muted);
      font-size: var(--ar-small);
    }
    span {
      display: inline-flex;
      align-items: center;
      gap: 4px;
      white-space: nowrap;
    }
    svg {
      width: 14px;
      height: 14px;
      flex: none;
      stroke-width: 1.4;
    }
    .plain {
      fill: var(--vscode-foreground);
      stroke: none;
    }
    .scored {
      fill: var(--vscode-charts-blue);
      stroke: none;
    }
    .running {
      fill: none;
      stroke: var(--vscode-charts-yellow);
    }
    .evaluating {
      fill: none;
      stroke: var(--vscode-charts-purple);
    }
    .failed {
      fill: none;
      stroke: var(--vscode-charts-red);
    }
    .best {
      fill: none;
      stroke: var(--vscode-charts-green);
    }
    .edge {
      fill: none;
      stroke: var(--ar-muted);
    }
    .dashed {
      stroke-dasharray: 3 2;
    }
    .reference {
      fill: none;
      stroke: var(--vscode-descriptionForeground, var(--vscode-foreground));
      stroke-dasharray: 2 3;
    }
    .medal {
      stroke-dasharray: 7 4;
    }
    .wide {
      width: 22px;
    }
    @media (forced-colors: active) {
      .plain,
      .scored {
        fill: CanvasText;
      }
      .running,
      .evaluating,
      .failed,
      .edge,
      .reference {
        stroke: CanvasText;
      }
      .best {
        stroke: Highlight;
      }
    }
  `;
  declare view: 'score' | 'lineage';
  declare references: readonly ReferenceLine[];

  constructor() {
    super();
    this.view = 'score';
    this.references = [];
  }

  protected override render() {
    return html`${operators.map(([operator, shape]) => entry(shape('plain'), operatorWord(operator)))}
    ${states.map(([state, drawing]) => entry(drawing, stateWord(state)))}
    ${entry(svg`<svg viewBox="0 0 14 14" aria-hidden="true"><circle class="best" cx="7" cy="7" r="5" /></svg>`, t('better beyond noise'))}
    ${
      this.view === 'lineage'
        ? html`${entry(line('edge'), t('from one parent'))} ${entry(line('edge dashed'), t('from two parents'))}
          ${entry(line('best'), t('path to the selected or best'))}`
        : entry(line('best'), t('best so far'))
    }
    ${this.references
      .slice(0, maxReferences)
      .map(({ kind, name, score }) =>
        entry(line(`reference ${kind}`), t(referenceWords[kind], plainLine(name, 40), formatScore(score))),
      )}`;
  }
}
/** A manifest may name any number. */
const maxReferences = 20;
const referenceWords = { medal: 'medal {0}: {1}', baseline: 'reference {0}: {1}' } as const;

customElements.define('aira-mark-legend', AiraMarkLegend);

type Drawing = TemplateResult | ReturnType<typeof svg>;

function entry(drawing: Drawing, words: string): TemplateResult {
  return html`<span>${drawing}${words}</span>`;
}

function line(kind: string): Drawing {
  return svg`<svg class="wide" viewBox="0 0 22 14" aria-hidden="true"><path class=${kind} d="M1 7h20" /></svg>`;
}

const frame = (inner: ReturnType<typeof svg>) => svg`<svg viewBox="0 0 14 14" aria-hidden="true">${inner}</svg>`;

/** The shapes of charts/marks.ts. */
const operators: readonly [Operator, (kind: string) => Drawing][] = [
  ['draft', (kind) => frame(svg`<rect class=${kind} x="3" y="3" width="8" height="8" />`)],
  ['mutation', (kind) => frame(svg`<circle class=${kind} cx="7" cy="7" r="4.2" />`)],
  ['crossover', (kind) => frame(svg`<path class=${kind} d="M7 1.5L12.5 7 7 12.5 1.5 7z" />`)],
  ['human', (kind) => frame(svg`<path class=${kind} d="M7 2l5 9.500H2z" />`)],
];

const states: readonly [CandidateState, Drawing][] = [
  ['scored', frame(svg`<circle class="scored" cx="7" cy="7" r="4.2" />`)],
  ['running', frame(svg`<circle class="running" cx="7" cy="7" r="4" />`)],
  [
    'evaluating',
    frame(svg`<circle class="evaluating" cx="7" cy="7" r="4" /><circle class="evaluating" cx="7" cy="7" r="1" />`),
  ],
  ['failed', frame(svg`<circle class="failed" cx="7" cy="7" r="4" /><path class="failed" d="M3 11l8-8" />`)],
];
