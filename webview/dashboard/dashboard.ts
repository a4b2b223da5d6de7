/** The dashboard of one run: its head, its plots in tabs, and beside them the candidate that is selected and its relatives. */
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { FromDashboardPanel, LinkMessage, PanelCommand, ToDashboardPanel } from '../../protocol/panels.ts';
import type { CandidateId, RunId } from '../../protocol/run.ts';
import { PanelElement } from '../frame/panelElement.ts';
import { t } from '../frame/strings.ts';
import '../ui/button.ts';
import { type ArEvent, focusRing, unseen } from '../ui/element.ts';
import '../ui/icon.ts';
import '../ui/tabs.ts';
import './agreementView.ts';
import './candidateDetails.ts';
import './candidateMenu.ts';
import { AiraCandidateMenu, type CandidateMenuDetail, type MenuChoice } from './candidateMenu.ts';
import './candidatesTable.ts';
import './costView.ts';
import './markLegend.ts';
import './neighbourhoodTree.ts';
import { candidatesWord } from '../text/counts.ts';
import './populationPlane.ts';
import { AiraPopulationPlane } from './populationPlane.ts';
import type { PlotOptions } from './populationScene.ts';
import './runHeader.ts';
import { RunModel } from './runModel.ts';
import './slotsView.ts';
import { dashboardStyles } from './dashboardStyles.ts';
import { outcomeWord } from './words.ts';

const tabs = ['score', 'lineage', 'slots', 'cost', 'validation'] as const;
type TabId = (typeof tabs)[number];

function isTab(id: unknown): id is TabId {
  return tabs.some((tab) => tab === id);
}

/** The view that this panel showed of this run before it was hidden or the window was reloaded. */
function keptTab(state: unknown, run: RunId): TabId | null {
  if (typeof state !== 'object' || state === null || !('run' in state) || !('tab' in state)) return null;
  return state.run === run && isTab(state.tab) ? state.tab : null;
}

/** How often durations on the screen move on while nothing happens. */
const tickMs = 1000;

export class AiraDashboard extends PanelElement<ToDashboardPanel, FromDashboardPanel> {
  static override properties: PropertyDeclarations = {
    model: { state: true },
    version: { state: true },
    clock: { state: true },
    tab: { state: true },
    selected: { state: true },
    marked: { state: true },
    options: { state: true },
    asTable: { state: true },
  };
  static override styles = [focusRing, unseen, dashboardStyles];
  declare protected model: RunModel | null;
  /** Of the model, which changes in place. */
  declare protected version: number;
  /** Grows each second while the run goes on: for what shows durations. */
  declare protected clock: number;
  declare protected tab: TabId;
  declare protected selected: CandidateId | null;
  /** What the keyboard stands on among the relatives; shown in the plot, not selected. */
  declare protected marked: CandidateId | null;
  declare protected options: PlotOptions;
  declare protected asTable: boolean;
  #ticking = 0;

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.clock = 0;
    this.tab = 'score';
    this.selected = null;
    this.marked = null;
    this.options = { scoreMode: 'linear', clip: true, across: 'time' };
    this.asTable = false;
    this.addEventListener('aira-menu', (event) => {
      if (event instanceof CustomEvent) void this.#openMenu(event.detail);
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = window.setInterval(() => {
      if (this.model !== null && this.model.summary.endedAt === null && !document.hidden) this.clock += 1;
    }, tickMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
  }

  override receive(message: Exclude<ToDashboardPanel, LinkMessage>): void {
    switch (message.type) {
      case 'reset': {
        const same = this.model?.summary.id === message.summary.id;
        this.model = new RunModel(message);
        this.selected = message.selected ?? (same ? this.selected : null);
        if (!same) this.tab = keptTab(this.host.kept(), message.summary.id) ?? this.tab;
        this.version += 1;
        this.#keep();
        return;
      }
      case 'events':
        if (this.model === null) return;
        try {
          this.model.apply(message.events);
        } catch (error) {
          // An event is missing: what is shown would be wrong from here on. The host answers with the whole run.
          console.error(error);
          this.host.send({ type: 'ready' });
          return;
        }
        this.version += 1;
        return;
      case 'slots':
        this.model?.showSlots(message.slots);
        this.version += 1;
        return;
      case 'select':
        this.selected = message.candidate;
    }
  }

  protected override render() {
    const { model, version } = this;
    if (model === null) return html`<p class="waiting" role="status">${t('Loading the run…')}</p>`;
    return html`<aira-run-header
        .model=${model}
        .version=${version + this.clock}
        .link=${this.link}
        @ar-activate=${(event: ArEvent<PanelCommand>) => this.#command(event.detail.value, [])}
        @ar-select=${(event: ArEvent<CandidateId>) => this.#select(event.detail.value)}
      ></aira-run-header>
      <div class="body">
        <ar-tabs
          fill
          label=${t('Views of the run')}
          .tabs=${tabs.map((id) => ({ id, label: tabLabel(id) }))}
          selected=${this.tab}
          @ar-select=${(event: ArEvent<string>) => this.#show(event.detail.value)}
        >
          <div class="view" slot=${this.tab} @ar-select=${(event: ArEvent<CandidateId | null>) => this.#pick(event)}>
            ${this.#view(model)}
          </div>
        </ar-tabs>
        ${this.#side(model)}
      </div>
      <aira-candidate-menu
        @ar-activate=${({ detail }: ArEvent<MenuChoice>) => this.#command(detail.value.command, [detail.value.candidate])}
      ></aira-candidate-menu>
      <div class="unseen" role="status" aria-live="polite">${this.#spoken(model)}</div>`;
  }

  #view(model: RunModel): TemplateResult {
    const { version, selected, clock, options } = this;
    switch (this.tab) {
      case 'score':
      case 'lineage':
        return html`${this.#tools(model)}
          ${
            this.asTable
              ? this.#table('scores')
              : html`<aira-population-plane
                    label=${this.#plotLabel(model)}
                    view=${this.tab}
                    .model=${model}
                    .version=${version}
                    .options=${options}
                    .selected=${selected}
                    .marked=${this.marked}
                  ></aira-population-plane>
                  <aira-mark-legend view=${this.tab} .references=${model.references}></aira-mark-legend>`
          }`;
      case 'slots':
        return html`<aira-slots-view
          .model=${model}
          .version=${version + clock}
          .selected=${selected}
        ></aira-slots-view>`;
      case 'cost':
        return html`${this.#tools(model)}
        ${
          this.asTable
            ? this.#table('cost')
            : html`<aira-cost-view .model=${model} .version=${version} .selected=${selected}></aira-cost-view>`
        }`;
      case 'validation':
        return html`${this.#tools(model)}
        ${
          this.asTable
            ? this.#table('validation')
            : html`<aira-agreement-view
                .model=${model}
                .version=${version}
                .options=${options}
                .selected=${selected}
                @ar-activate=${(event: ArEvent<PanelCommand>) => this.#command(event.detail.value, [])}
              ></aira-agreement-view>`
        }`;
    }
  }

  #table(topic: 'scores' | 'cost' | 'validation'): TemplateResult {
    return html`<aira-candidates-table
      topic=${topic}
      .model=${this.model}
      .version=${this.version}
      .selected=${this.selected}
    ></aira-candidates-table>`;
  }

  #tools({ summary }: RunModel): TemplateResult {
    const { scoreMode, clip, across } = this.options;
    const set = (change: Partial<PlotOptions>) => () => {
      this.options = { ...this.options, ...change };
    };
    const toggle = (label: string, pressed: boolean, change: () => void) =>
      html`<ar-button appearance="secondary" .pressed=${pressed} @click=${change}
        >${pressed ? html`<ar-icon name="check"></ar-icon>` : nothing}${label}</ar-button
      >`;
    // Sealed scores are no plot yet.
    const scored = !this.asTable && (this.tab === 'validation' ? summary.unsealed : this.tab !== 'cost');
    const population = (this.tab === 'score' || this.tab === 'lineage') && !this.asTable;
    const plane = () => this.renderRoot.querySelector('aira-population-plane');
    const zoom = (factor: number) => () => {
      const found = plane();
      if (found instanceof AiraPopulationPlane) found.zoomBy(factor);
    };
    const clipped = this.#clipped();
    return html`<div class="tools" role="toolbar" aria-label=${t('Plot')}>
      ${scored ? toggle(t('Log Scale'), scoreMode === 'log', set({ scoreMode: scoreMode === 'log' ? 'linear' : 'log' })) : nothing}
      ${
        scored
          ? toggle(
              clip && clipped > 0 ? t('Clip Outliers ({0})', clipped) : t('Clip Outliers'),
              clip,
              set({ clip: !clip }),
            )
          : nothing
      }
      ${population ? toggle(t('By Order'), across === 'order', set({ across: across === 'order' ? 'time' : 'order' })) : nothing}
      <span class="space"></span>
      ${
        population
          ? html`<ar-button appearance="icon" label=${t('Zoom In')} @click=${zoom(1 / 1.5)}
                ><ar-icon name="add"></ar-icon></ar-button
              ><ar-button appearance="icon" label=${t('Show All')} @click=${zoom(Number.POSITIVE_INFINITY)}
                ><ar-icon name="unfold"></ar-icon
              ></ar-button>`
          : nothing
      }
      ${toggle(t('Table'), this.asTable, () => {
        this.asTable = !this.asTable;
      })}
    </div>`;
  }

  #clipped(): number {
    const plane = this.renderRoot?.querySelector('aira-population-plane');
    return plane instanceof AiraPopulationPlane ? (plane.scene?.domain.clipped ?? 0) : 0;
  }

  #plotLabel({ candidates, summary }: RunModel): string {
    const best = summary.bestSearch;
    const words =
      this.tab === 'score'
        ? t('Scores of {0} over time', candidatesWord(candidates.size))
        : t('Lineage of {0}', candidatesWord(candidates.size));
    return best === null ? words : t('{0}; the best is #{1}', words, best.candidate);
  }

  #side(model: RunModel): TemplateResult {
    const candidate = model.candidate(this.selected);
    return html`<aside aria-label=${t('Selected candidate')}>
      ${
        candidate === null
          ? html`<p class="hint">${t('Select a candidate in a plot or below to see what it is and where it comes from.')}</p>`
          : html`<aira-candidate-details
                .model=${model}
                .version=${this.version + this.clock}
                .candidate=${candidate}
                @ar-activate=${(event: ArEvent<PanelCommand>) => this.#command(event.detail.value, [candidate.id])}
              ></aira-candidate-details>
              <ar-button
                class="close"
                appearance="icon"
                label=${t('Clear Selection')}
                @click=${() => this.#select(null)}
                ><ar-icon name="close"></ar-icon
              ></ar-button>`
      }
      <aira-neighbourhood
        .model=${model}
        .version=${this.version}
        .selected=${this.selected}
        @ar-select=${(event: ArEvent<CandidateId>) => {
          this.marked = event.detail.value;
        }}
        @ar-activate=${(event: ArEvent<CandidateId>) => this.#select(event.detail.value)}
        @focusout=${() => {
          this.marked = null;
        }}
      ></aira-neighbourhood>
    </aside>`;
  }

  /** What a sighted person sees happen in a plot when something is selected. */
  #spoken(model: RunModel): string {
    const candidate = model.candidate(this.selected);
    return candidate === null ? '' : t('Candidate {0} is selected: {1}', candidate.id, outcomeWord(candidate));
  }

  #pick(event: ArEvent<CandidateId | null>): void {
    event.stopPropagation();
    this.#select(event.detail.value);
  }

  #select(candidate: CandidateId | null): void {
    this.marked = null;
    if (candidate === this.selected) return;
    this.selected = candidate;
    this.host.send({ type: 'select', candidate });
  }

  #show(tab: string): void {
    if (!isTab(tab) || tab === this.tab) return;
    this.tab = tab;
    this.host.send({ type: 'tab', tab });
    this.#keep();
  }

  #keep(): void {
    if (this.model !== null) this.host.keep({ kind: 'dashboard', run: this.model.summary.id, tab: this.tab });
  }

  #command(command: PanelCommand, candidates: CandidateId[]): void {
    if (this.model === null) return;
    this.host.send({ type: 'command', command, run: this.model.summary.id, candidates });
  }

  async #openMenu({ candidate, clientX, clientY }: CandidateMenuDetail): Promise<void> {
    const menu = this.renderRoot.querySelector('aira-candidate-menu');
    const found = this.model?.candidate(candidate) ?? null;
    if (!(menu instanceof AiraCandidateMenu) || found === null || this.model === null) return;
    await menu.open(found, this.model.summary, { clientX, clientY });
  }
}
customElements.define('aira-dashboard', AiraDashboard);

function tabLabel(tab: TabId): string {
  switch (tab) {
    case 'score':
      return t('Score');
    case 'lineage':
      return t('Lineage');
    case 'slots':
      return t('Slots');
    case 'cost':
      return t('Cost');
    case 'validation':
      return t('Search against Validation');
  }
}
