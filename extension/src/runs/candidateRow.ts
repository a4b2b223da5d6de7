/** A candidate in one row: what it is, how it did, and what may be done with it. */
import { clearLead } from '../../../protocol/lead.ts';
import type { RunView } from '../../../protocol/projection.ts';
import type { Candidate, CandidateFailure, CandidateId, Operator } from '../../../protocol/run.ts';
import { formatScore } from '../../../protocol/score.ts';
import { takes } from '../../../protocol/steering.ts';
import { l10n } from '../localisation.ts';
import { oneLine, shorten } from '../markdown.ts';
import { contextTokens, type Row, type RowIcon } from '../views/row.ts';
import { type ScoreChange, scoreChange } from './scoreChange.ts';

export interface CandidateMark {
  /** One or two letters at the end of the row. */
  badge?: string;
  tooltip?: string;
  color?: string;
}

const operatorIcons: { [O in Operator]: string } = {
  draft: 'lightbulb',
  mutation: 'wand',
  crossover: 'git-merge',
  human: 'person',
};

const textLength = 90;

export function candidateRow(candidate: Candidate, view: RunView, marked: CandidateId | null): Row {
  const change = scoreChange(candidate, (id) => view.candidates.get(id), view.summary.metric.direction);
  const words = oneLine(candidate.summary === '' ? (candidate.idea ?? candidate.guidance ?? '') : candidate.summary);
  const parts = [
    ...statusParts(candidate, change),
    ...(candidate.parents.length > 1 ? [`× #${candidate.parents[1]}`] : []),
    ...(words === '' ? [] : [shorten(words, textLength)]),
  ];
  return {
    label: `#${candidate.id}`,
    description: parts.join(' · '),
    icon: candidateIcon(candidate, view),
    contextValue: tokens(candidate, view, marked),
    spoken: spokenRow(candidate, view, change, words),
  };
}

/** Shape by operator once there is a score; before and instead of one, by state. */
export function candidateIcon({ id, state, operator, suspiciouslyPerfect }: Candidate, { summary }: RunView): RowIcon {
  switch (state) {
    case 'running':
      return { id: 'loading~spin', color: 'charts.blue' };
    case 'evaluating':
      return { id: 'beaker', color: 'charts.blue' };
    case 'failed':
      return { id: 'error', color: 'charts.red' };
    case 'abandoned':
      return { id: 'circle-slash', color: 'disabledForeground' };
    case 'scored':
      if (summary.selected === id) return { id: 'verified-filled', color: 'charts.green' };
      if (suspiciouslyPerfect) return { id: 'warning', color: 'charts.orange' };
      if (summary.bestSearch?.candidate === id) return { id: 'star-full', color: 'charts.yellow' };
      return { id: operatorIcons[operator], color: 'charts.green' };
  }
}

/** What stands at the end of the row, and in which colour the row is. */
export function candidateMark(candidate: Candidate, { summary }: RunView, marked: CandidateId | null): CandidateMark {
  if (marked === candidate.id)
    return { badge: '×', tooltip: l10n.t('One parent of the next crossover'), color: 'charts.purple' };
  if (candidate.suspiciouslyPerfect)
    return {
      badge: '!',
      tooltip: l10n.t('Its score is the best that there can be: look for a leak'),
      color: 'charts.orange',
    };
  if (candidate.excluded === true)
    return { badge: '–', tooltip: l10n.t('Excluded: never a parent, never selected'), color: 'disabledForeground' };
  if (summary.selected === candidate.id) return { badge: '✓', tooltip: l10n.t('Selected'), color: 'charts.green' };
  if (summary.bestSearch?.candidate === candidate.id)
    return { badge: '★', tooltip: l10n.t('Best on the search split') };
  if (candidate.pinned === true) return { badge: '•', tooltip: l10n.t('Pinned') };
  if (candidate.state === 'failed') return { color: 'errorForeground' };
  return candidate.state === 'abandoned' ? { color: 'disabledForeground' } : {};
}

function statusParts(candidate: Candidate, change: ScoreChange | null): string[] {
  const { search, state, operator, failure } = candidate;
  if (search === null) {
    const status = failure === null ? stateWords(state) : failureWords(failure.kind);
    return [operatorWords(operator), status];
  }
  const own = `${formatScore(search.value)}${search.selfReported === true ? ` ${l10n.t('(self-reported)')}` : ''}`;
  return [change === null ? own : `${own} ${arrow(change)}${formatScore(change.difference)}`];
}

/** Filled where the change is more than noise. Up is better, whatever the metric's direction. */
export function arrow({ better, clear, difference }: ScoreChange): string {
  if (difference === 0) return '=';
  if (better) return clear ? '▲' : '△';
  return clear ? '▼' : '▽';
}

function tokens(candidate: Candidate, view: RunView, marked: CandidateId | null): string {
  const { id, state, parents, pinned, excluded } = candidate;
  const all = ['candidate', state];
  if (takes(view.summary, 'work')) all.push('steerable');
  if (parents.length > 0) all.push('hasParent');
  if (hasProgram(candidate)) all.push('hasProgram');
  if (candidate.operator !== 'human') all.push('hasTrajectory');
  all.push(pinned === true ? 'pinned' : 'notPinned', excluded === true ? 'excluded' : 'included');
  if (takes(view.summary, 'exclusion')) all.push('excludable');
  if (marked === id) all.push('marked');
  return contextTokens(all);
}

/** Its program is kept from the moment that it is submitted. */
export function hasProgram({ submittedAt, state, operator }: Candidate): boolean {
  return submittedAt !== undefined || state === 'scored' || state === 'evaluating' || operator === 'human';
}

function spokenRow(candidate: Candidate, view: RunView, change: ScoreChange | null, words: string): string {
  const { id, search, failure, state } = candidate;
  const status =
    search === null
      ? failure === null
        ? stateWords(state)
        : failureWords(failure.kind)
      : l10n.t('{0} {1}', view.summary.metric.name, formatScore(search.value));
  const parts = [l10n.t('Candidate {0}', id), originWords(candidate), status];
  if (change !== null) parts.push(changeWords(change));
  if (view.summary.bestSearch?.candidate === id) parts.push(l10n.t('best so far'));
  if (view.summary.selected === id) parts.push(l10n.t('selected'));
  if (candidate.pinned === true) parts.push(l10n.t('pinned'));
  if (candidate.excluded === true) parts.push(l10n.t('excluded'));
  if (words !== '') parts.push(words);
  return parts.join(', ');
}

/** `mutation of #3`, `crossover of #2 × #7`. */
export function originWords({ operator, parents }: Pick<Candidate, 'operator' | 'parents'>): string {
  const word = operatorWords(operator);
  if (parents.length === 0) return word;
  return l10n.t('{0} of {1}', word, parents.map((id) => `#${id}`).join(' × '));
}

export function changeWords({ parent, better, difference, clear }: ScoreChange): string {
  if (difference === 0) return l10n.t('the same as #{0}', parent);
  const how = better ? l10n.t('better than #{0}', parent) : l10n.t('worse than #{0}', parent);
  const noise = clear ? l10n.t('by more than {0} standard errors', clearLead) : l10n.t('within noise');
  return l10n.t('{0} {1}, {2}', formatScore(difference), how, noise);
}

export function operatorWords(operator: Operator): string {
  switch (operator) {
    case 'draft':
      return l10n.t('draft');
    case 'mutation':
      return l10n.t('mutation');
    case 'crossover':
      return l10n.t('crossover');
    case 'human':
      return l10n.t('yours');
  }
}

export function stateWords(state: Candidate['state']): string {
  switch (state) {
    case 'running':
      return l10n.t('at work');
    case 'evaluating':
      return l10n.t('evaluating');
    case 'scored':
      return l10n.t('scored');
    case 'failed':
      return l10n.t('failed');
    case 'abandoned':
      return l10n.t('abandoned');
  }
}

export function failureWords(kind: CandidateFailure['kind']): string {
  switch (kind) {
    case 'no_submission':
      return l10n.t('failed: submitted nothing');
    case 'bad_submission':
      return l10n.t('failed: unusable submission');
    case 'program_error':
      return l10n.t('failed: the program ended with an error');
    case 'timeout':
      return l10n.t('failed: ran out of time');
    case 'out_of_memory':
      return l10n.t('failed: ran out of memory');
    case 'no_predictions':
      return l10n.t('failed: wrote no predictions');
    case 'invalid_predictions':
      return l10n.t('failed: invalid predictions');
    case 'no_report':
      return l10n.t('failed: did not report its score');
  }
}
