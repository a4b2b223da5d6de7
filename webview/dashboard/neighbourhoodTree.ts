/**
 * The relatives of the selected candidate as a tree: what a canvas shows to the eye, for keyboard and screen reader. Without a
 * selection, the candidates that one would look for first. Moving about marks a candidate in the plot; Enter selects it.
 */
import { css, html, nothing, type PropertyDeclarations, type PropertyValues } from 'lit';
import type { Candidate, CandidateId, Operator } from '../../protocol/run.ts';
import { t } from '../frame/strings.ts';
import type { ArEvent } from '../ui/element.ts';
import { ArElement } from '../ui/element.ts';
import type { IconName } from '../ui/icon.ts';
import '../ui/tree.ts';
import type { TreeItem } from '../ui/tree.ts';
import type { CandidateMenuDetail } from './candidateMenu.ts';
import { lineOfDescent, neighbourhood } from './descent.ts';
import type { RunModel } from './runModel.ts';
import { originWord, outcomeWord, summaryLine } from './words.ts';

const icons: Readonly<Record<Operator, IconName>> = {
  draft: 'add',
  mutation: 'fork',
  crossover: 'cross',
  human: 'person',
};
/** Of a long line of descent only the ends are listed. */
const longestLine = 60;

/** `ar-select` tells the candidate to mark, `ar-activate` the one to select. */
export class AiraNeighbourhood extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    selected: { attribute: false },
    expanded: { state: true },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      min-height: 0;
    }
    ar-tree {
      flex: 1;
    }
  `;
  declare model: RunModel | null;
  declare version: number;
  declare selected: CandidateId | null;
  declare protected expanded: ReadonlySet<string>;
  #items: readonly TreeItem[] = [];

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.selected = null;
    this.expanded = new Set(['parents', 'self', 'children', 'best', 'running', 'latest', 'pinned']);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('model') || changed.has('version') || changed.has('selected')) this.#items = this.#made();
  }

  protected override render() {
    if (this.model === null) return nothing;
    const label =
      this.selected === null ? t('Candidates to look at first') : t('Relatives of candidate {0}', this.selected);
    return html`<ar-tree
      label=${label}
      .items=${this.#items}
      .expanded=${this.expanded}
      @ar-toggle=${(event: ArEvent<string>) => this.#toggle(event)}
      @ar-select=${(event: ArEvent<string>) => this.#tell(event, 'ar-select')}
      @ar-activate=${(event: ArEvent<string>) => this.#tell(event, 'ar-activate')}
      @contextmenu=${this.#menu}
    ></ar-tree>`;
  }

  #made(): TreeItem[] {
    const { model, selected } = this;
    if (model === null) return [];
    const candidate = model.candidate(selected);
    return (candidate === null ? this.#overview(model) : this.#relatives(model, candidate)).filter(
      ({ children = [] }) => children.length > 0,
    );
  }

  #relatives(model: RunModel, candidate: Candidate): TreeItem[] {
    const { parents, siblings, children, total } = neighbourhood(model, candidate.id);
    const line = lineOfDescent(model, candidate.id).slice(0, -1).reverse();
    return [
      this.#group('parents', t('Parents'), parents, parents.length),
      this.#group('self', t('Selected'), [candidate.id], null),
      this.#group('children', t('Children'), children, total.children),
      this.#group('siblings', t('Siblings'), siblings, total.siblings),
      this.#group('line', t('Line of descent'), line.slice(0, longestLine), line.length),
    ];
  }

  #overview(model: RunModel): TreeItem[] {
    const { bestSearch, clearBest, selected } = model.summary;
    const best = [selected, bestSearch?.candidate ?? null, clearBest?.candidate ?? null].filter((id) => id !== null);
    const pinned = [...model.candidates.values()].filter((candidate) => candidate.pinned === true).map(({ id }) => id);
    const latest = model.ended.slice(-12).reverse();
    return [
      this.#group('best', t('Best so far'), [...new Set(best)], null),
      this.#group('pinned', t('Pinned'), pinned.slice(0, 50), pinned.length),
      this.#group('running', t('At work'), [...model.running], model.running.size),
      this.#group(
        'latest',
        t('Latest'),
        latest.map(({ id }) => id),
        null,
      ),
    ];
  }

  #group(id: string, label: string, members: readonly CandidateId[], total: number | null): TreeItem {
    const children = members.flatMap((member) => this.#item(id, member));
    const description =
      total === null ? '' : total > members.length ? t('{0} of {1}', members.length, total) : String(total);
    return { id, label, description, children };
  }

  #item(group: string, id: CandidateId): TreeItem[] {
    const candidate = this.model?.candidate(id) ?? null;
    if (candidate === null) return [];
    const score = outcomeWord(candidate);
    const line = summaryLine(candidate, 120);
    return [
      {
        id: `${group}:${id}`,
        label: `#${id}`,
        description: `${score} · ${originWord(candidate)}${line === '' ? '' : ` · ${line}`}`,
        icon: candidate.state === 'failed' ? 'error' : icons[candidate.operator],
      },
    ];
  }

  #toggle(event: ArEvent<string>): void {
    const expanded = new Set(this.expanded);
    if (!expanded.delete(event.detail.value)) expanded.add(event.detail.value);
    this.expanded = expanded;
  }

  #tell(event: ArEvent<string>, name: 'ar-select' | 'ar-activate'): void {
    event.stopPropagation();
    const id = candidateOf(event.detail.value);
    if (id !== null) this.emit(name, id);
    else if (name === 'ar-activate') this.#toggle(event);
  }

  /** Also the menu key, and Shift+F10: the browser sends the same event to the row with the focus. */
  #menu(event: MouseEvent): void {
    const row = event
      .composedPath()
      .find((node) => node instanceof HTMLElement && node.getAttribute('role') === 'treeitem');
    if (!(row instanceof HTMLElement)) return;
    const label = row.querySelector('.label')?.textContent ?? '';
    const id = label.startsWith('#') ? Number(label.slice(1)) : Number.NaN;
    if (!Number.isInteger(id)) return;
    event.preventDefault();
    const { left, bottom } = row.getBoundingClientRect();
    const pointed = event.clientX > 0 || event.clientY > 0;
    const detail: CandidateMenuDetail = {
      candidate: id,
      clientX: pointed ? event.clientX : left + 24,
      clientY: pointed ? event.clientY : bottom,
    };
    this.dispatchEvent(new CustomEvent('aira-menu', { detail, bubbles: true, composed: true }));
  }
}
customElements.define('aira-neighbourhood', AiraNeighbourhood);

function candidateOf(item: string): CandidateId | null {
  const [, id] = item.split(':');
  return id === undefined ? null : Number(id);
}
