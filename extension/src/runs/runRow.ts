/** A run in one row. */
import { formatCost } from '../../../protocol/amounts.ts';
import type { RunState, RunSummary } from '../../../protocol/run.ts';
import { switchesOf } from '../../../protocol/runSwitches.ts';
import { formatScore } from '../../../protocol/score.ts';
import { l10n } from '../localisation.ts';
import { contextTokens, type Row, type RowIcon } from '../views/row.ts';

/** A server hosts it: it can be steered. */
export function isLive(state: RunState): boolean {
  return state === 'running' || state === 'paused' || state === 'stopping';
}

export function runRow(summary: RunSummary): Row {
  const parts = [
    standingWords(summary),
    countWords(summary),
    ...(summary.bestSearch === null
      ? []
      : [`${formatScore(summary.bestSearch.score.value)} ★#${summary.bestSearch.candidate}`]),
    ...(summary.spent.calls === 0 ? [] : [formatCost(summary.spent)]),
    ...switchesOf(summary.config),
    ...(summary.unsealed && isLive(summary.state) ? [l10n.t('unsealed')] : []),
    ...(isLive(summary.state) ? [] : [moment(summary.createdAt)]),
  ];
  return {
    label: summary.config.task,
    description: parts.join(' · '),
    icon: runIcon(summary),
    contextValue: tokens(summary),
    spoken: [l10n.t('Run on {0}', summary.config.task), modelWords(summary.config.model), ...parts].join(', '),
  };
}

export function runIcon({ state, outage }: RunSummary): RowIcon {
  if (outage !== null && isLive(state)) return { id: 'warning', color: 'charts.yellow' };
  switch (state) {
    case 'running':
      return { id: 'play-circle', color: 'charts.green' };
    case 'paused':
      return { id: 'debug-pause', color: 'charts.yellow' };
    case 'stopping':
      return { id: 'sync~spin', color: 'charts.blue' };
    case 'finished':
      return { id: 'pass-filled', color: 'charts.green' };
    case 'interrupted':
      return { id: 'debug-disconnect', color: 'charts.orange' };
  }
}

export function standingWords({ state, outage }: Pick<RunSummary, 'state' | 'outage'>): string {
  if (outage !== null && isLive(state)) return l10n.t('waiting for the model');
  return runStateWords(state);
}

export function runStateWords(state: RunState): string {
  switch (state) {
    case 'running':
      return l10n.t('running');
    case 'paused':
      return l10n.t('paused');
    case 'stopping':
      return l10n.t('ending');
    case 'finished':
      return l10n.t('finished');
    case 'interrupted':
      return l10n.t('interrupted');
  }
}

/** `7/24`: candidates that have come to their end, of those that there will be. */
function countWords({ counts, config }: RunSummary): string {
  const done = counts.scored + counts.failed + counts.abandoned;
  return config.candidates === null ? l10n.t('{0} done', done) : `${done}/${config.candidates}`;
}

/** The model as people call it. */
export function modelWords(model: string): string {
  if (model === 'heuristic') return l10n.t('built-in researcher (no LLM)');
  const name = model.slice(model.indexOf(':') + 1);
  return name.replace(/@https?:\/\//, ' @ ');
}

function tokens(summary: RunSummary): string {
  const { state, unsealed, bestSearch } = summary;
  const all = ['run', state, isLive(state) ? 'live' : 'ended', unsealed ? 'unsealed' : 'sealed'];
  if (bestSearch !== null) all.push('hasBest');
  if (canExtend(summary)) all.push('extendable');
  return contextTokens(all);
}

/** More budget makes sense until the search has ended for good: then the hidden scores have decided. */
export function canExtend({ state }: Pick<RunSummary, 'state'>): boolean {
  return state !== 'finished';
}

/** `20 Nov, 12:16`, in the editor's language. */
export function moment(at: number, locale?: string): string {
  return new Date(at).toLocaleString(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}
