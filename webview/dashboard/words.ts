/** A run and its candidates in words, the same in every part of the dashboard. */
import type { Candidate, CandidateState, Operator, RunSummary } from '../../protocol/run.ts';
import { formatScoreWithError } from '../../protocol/score.ts';
import { plainLine } from '../charts/plainLine.ts';
import { t } from '../frame/strings.ts';

export function operatorWord(operator: Operator): string {
  switch (operator) {
    case 'draft':
      return t('draft');
    case 'mutation':
      return t('mutation');
    case 'crossover':
      return t('crossover');
    case 'human':
      return t('by a person');
  }
}

export function stateWord(state: CandidateState): string {
  switch (state) {
    case 'running':
      return t('at work');
    case 'evaluating':
      return t('being evaluated');
    case 'scored':
      return t('scored');
    case 'failed':
      return t('failed');
    case 'abandoned':
      return t('given up');
  }
}

export function runStateWord({ state, outage }: Pick<RunSummary, 'state' | 'outage'>): string {
  switch (state) {
    case 'running':
      return outage === null ? t('running') : t('waiting for the model');
    case 'paused':
      return t('paused');
    case 'stopping':
      return t('ending');
    case 'finished':
      return t('finished');
    case 'interrupted':
      return t('interrupted');
  }
}

/** `mutation of #2`, `crossover of #2 × #7`. */
export function originWord({ operator, parents }: Pick<Candidate, 'operator' | 'parents'>): string {
  const [first, second] = parents;
  if (first === undefined) return operatorWord(operator);
  const from = second === undefined ? `#${first}` : `#${first} × #${second}`;
  switch (operator) {
    case 'mutation':
      return t('mutation of {0}', from);
    case 'crossover':
      return t('crossover of {0}', from);
    case 'human':
      return t('by a person, from {0}', from);
    case 'draft':
      return operatorWord(operator);
  }
}

/** Its score with its error, or why it has none. */
export function outcomeWord({ search, failure, state }: Pick<Candidate, 'search' | 'failure' | 'state'>): string {
  if (search !== null) return formatScoreWithError(search);
  return failure === null ? stateWord(state) : t('failed: {0}', failureWord(failure.kind));
}

export function failureWord(kind: NonNullable<Candidate['failure']>['kind']): string {
  switch (kind) {
    case 'no_submission':
      return t('nothing was submitted');
    case 'bad_submission':
      return t('what was submitted cannot be used');
    case 'program_error':
      return t('the program ended with an error');
    case 'timeout':
      return t('out of time');
    case 'out_of_memory':
      return t('out of memory');
    case 'no_predictions':
      return t('no predictions');
    case 'invalid_predictions':
      return t('invalid predictions');
    case 'no_report':
      return t('it did not report its score');
  }
}

/** By how much a score is better (positive) or worse than another, on the metric's scale. */
export function gain(score: number, than: number, { metric }: Pick<RunSummary, 'metric'>): number {
  return metric.direction === 'minimize' ? than - score : score - than;
}

/** Three digits that mean something: differences of scores are noisier than scores. */
export function formatDifference(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1e-6 && Math.abs(rounded) < 1e6 ? String(rounded) : rounded.toExponential();
}

/** `0.0123 better`, `0.004 worse`, on the metric's scale. */
export function gainWord(difference: number): string {
  if (difference === 0) return t('the same');
  const size = formatDifference(Math.abs(difference));
  return difference > 0 ? t('{0} better', size) : t('{0} worse', size);
}

/** What its author says that it does: a line that cannot steer anything. */
export function summaryLine({ summary, idea }: Pick<Candidate, 'summary' | 'idea'>, max = 240): string {
  return plainLine(summary || (idea ?? ''), max);
}
