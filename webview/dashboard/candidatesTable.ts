/** The same candidates as rows: what a plot shows, to be read, sorted and searched through. */
import { css, html, nothing, type PropertyDeclarations, type PropertyValues } from 'lit';
import { formatCost, formatTokens, formatUsd, tokensOf } from '../../protocol/amounts.ts';
import { duration } from '../../protocol/duration.ts';
import type { Candidate, CandidateId } from '../../protocol/run.ts';
import { formatScore, isBetter } from '../../protocol/score.ts';
import type { Direction } from '../../protocol/task.ts';
import { t } from '../frame/strings.ts';
import { ArElement, type ArEvent } from '../ui/element.ts';
import '../ui/table.ts';
import type { Column, Sort } from '../ui/table.ts';
import type { RunModel } from './runModel.ts';
import { gain, gainWord, originWord, stateWord, summaryLine } from './words.ts';

export type TableTopic = 'scores' | 'cost' | 'validation';

/** `ar-select` tells the candidate of the row that was chosen. */
export class AiraCandidatesTable extends ArElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    version: { attribute: false },
    topic: { type: String },
    selected: { attribute: false },
    sort: { state: true },
  };
  static override styles = css`
    :host {
      display: flex;
      min-height: 0;
    }
    ar-table {
      flex: 1;
      min-width: 0;
    }
  `;
  declare model: RunModel | null;
  declare version: number;
  declare topic: TableTopic;
  declare selected: CandidateId | null;
  declare protected sort: Sort;
  #rows: readonly Candidate[] = [];

  constructor() {
    super();
    this.model = null;
    this.version = 0;
    this.topic = 'scores';
    this.selected = null;
    this.sort = { column: 'id', descending: true };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { model } = this;
    if (model === null) return;
    // Marks of the selection alone sort nothing anew: ten thousand rows take their time.
    if (changed.size > 1 || !changed.has('selected')) this.#rows = sortedRows(model, this.sort, this.topic);
  }

  protected override render() {
    const { model } = this;
    if (model === null) return nothing;
    return html`<ar-table
      label=${t('Candidates')}
      .columns=${columnsOf(this.topic, model)}
      .rows=${this.#rows}
      .rowKey=${(candidate: Candidate) => String(candidate.id)}
      .selected=${this.selected === null ? null : String(this.selected)}
      .sort=${this.sort}
      @ar-sort=${(event: ArEvent<Sort>) => {
        this.sort = event.detail.value;
      }}
      @ar-select=${(event: ArEvent<string>) => {
        event.stopPropagation();
        this.emit('ar-select', Number(event.detail.value));
      }}
    ></ar-table>`;
  }
}
customElements.define('aira-candidates-table', AiraCandidatesTable);

/** What a column is sorted by; strings by their alphabet, numbers by size, null last. */
type SortValue = string | number | null;

interface TopicColumn extends Column<Candidate> {
  value: (candidate: Candidate) => SortValue;
}

function columnsOf(topic: TableTopic, model: RunModel): TopicColumn[] {
  const text = (id: string, label: string, width: string, value: (candidate: Candidate) => string): TopicColumn => ({
    id,
    label,
    width,
    sortable: true,
    cell: value,
    value,
  });
  const number = (
    id: string,
    label: string,
    value: (candidate: Candidate) => number | null,
    format: (value: number, candidate: Candidate) => string,
  ): TopicColumn => ({
    id,
    label,
    align: 'end',
    width: 'minmax(84px, max-content)',
    sortable: true,
    value,
    cell: (candidate) => {
      const known = value(candidate);
      return known === null ? '–' : format(known, candidate);
    },
  });
  const score = (name: 'search' | 'validation' | 'test', label: string) =>
    number(
      name,
      label,
      (candidate) => candidate[name]?.value ?? null,
      (value) => formatScore(value),
    );
  const { createdAt } = model.summary;
  const id = number('id', '#', (candidate) => candidate.id, String);
  id.width = '56px';
  const origin = text('origin', t('Origin'), 'minmax(130px, max-content)', originWord);
  const state = text('state', t('State'), '110px', (candidate) => stateWord(candidate.state));
  const summary: TopicColumn = {
    ...text('summary', t('What it does'), 'minmax(180px, 1fr)', (candidate) => summaryLine(candidate)),
    sortable: false,
  };
  switch (topic) {
    case 'scores':
      return [
        id,
        origin,
        state,
        score('search', t('Search')),
        number(
          'error',
          t('± error'),
          ({ search }) => search?.standardError ?? null,
          (value) => value.toPrecision(2),
        ),
        number('ended', t('Ended after'), ({ endedAt }) => (endedAt === null ? null : endedAt - createdAt), duration),
        summary,
      ];
    case 'validation':
      return [
        id,
        origin,
        score('search', t('Search')),
        score('validation', t('Validation')),
        score('test', t('Test')),
        number(
          'optimism',
          t('Search against validation'),
          ({ search, validation }) =>
            search === null || validation === null ? null : gain(search.value, validation.value, model.summary),
          gainWord,
        ),
        summary,
      ];
    case 'cost':
      return [
        id,
        origin,
        state,
        number(
          'cost',
          t('Cost'),
          ({ spent }) => spent?.costUsd ?? null,
          (value, { spent }) => (spent === undefined ? formatUsd(value) : formatCost(spent)),
        ),
        number('calls', t('Calls'), ({ spent }) => spent?.calls ?? null, String),
        number('tokens', t('Tokens'), ({ spent }) => (spent === undefined ? null : tokensOf(spent)), formatTokens),
        number('cached', t('Cached input'), ({ spent }) => spent?.cachedInput ?? null, formatTokens),
        number(
          'output',
          t('Output and thoughts'),
          ({ spent }) => (spent === undefined ? null : spent.output + spent.thoughts),
          formatTokens,
        ),
        summary,
      ];
  }
}

function sortedRows(model: RunModel, { column, descending }: Sort, topic: TableTopic): Candidate[] {
  const chosen = columnsOf(topic, model).find(({ id }) => id === column);
  const rows = [...model.candidates.values()].filter(
    ({ validation, spent }) =>
      (topic !== 'validation' || validation !== null) && (topic !== 'cost' || spent !== undefined),
  );
  if (chosen === undefined) return rows;
  const isScore = ['search', 'validation', 'test'].includes(chosen.id);
  const direction = isScore ? model.summary.metric.direction : null;
  return rows
    .map((candidate) => ({ candidate, value: chosen.value(candidate) }))
    .sort((a, b) => order(a.value, b.value, descending, direction) || a.candidate.id - b.candidate.id)
    .map(({ candidate }) => candidate);
}

/** Of scores, descending means the best first, whatever the metric's direction. */
function order(a: SortValue, b: SortValue, descending: boolean, direction: Direction | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (a === b) return 0;
  const isMore =
    direction !== null && typeof a === 'number' && typeof b === 'number' ? isBetter(a, b, direction) : a > b;
  return isMore === descending ? -1 : 1;
}
