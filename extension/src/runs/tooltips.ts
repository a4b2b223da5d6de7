/** Where a candidate or run comes from and what is known of it, as markdown. Words of models are escaped. */
import { formatCost, formatTokens, tokensOf } from '../../../protocol/amounts.ts';
import { duration } from '../../../protocol/duration.ts';
import { describeLead } from '../../../protocol/lead.ts';
import type { RunView } from '../../../protocol/projection.ts';
import type { Candidate, RunSummary, Score } from '../../../protocol/run.ts';
import { formatScoreWithError } from '../../../protocol/score.ts';
import { candidatesWord, gpuHoursWord, stepsWord } from '../counts.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown, shorten } from '../markdown.ts';
import { changeWords, failureWords, originWords, stateWords } from './candidateRow.ts';
import { modelWords, moment, standingWords } from './runRow.ts';
import { scoreChange } from './scoreChange.ts';

const longest = 800;
const quoted = (text: string) => escapeMarkdown(shorten(text, longest));

export function candidateTooltip(candidate: Candidate, view: RunView, now: number): string {
  const { summary } = view;
  const change = scoreChange(candidate, (id) => view.candidates.get(id), summary.metric.direction);
  const lines = [
    `**#${candidate.id}** ${escapeMarkdown(originWords(candidate))}, ${
      candidate.failure === null ? stateWords(candidate.state) : failureWords(candidate.failure.kind)
    }`,
  ];
  if (candidate.summary !== '') lines.push(quoted(candidate.summary));
  else if (candidate.idea !== undefined) lines.push(`${l10n.t('Idea:')} ${quoted(candidate.idea)}`);
  if (candidate.guidance !== undefined) lines.push(`${l10n.t('Guidance:')} ${quoted(candidate.guidance)}`);
  lines.push(scoreTable(candidate, summary));
  if (change !== null) lines.push(escapeMarkdown(changeWords(change)));
  lines.push(...remarks(candidate, summary));
  lines.push(escapeMarkdown(workWords(candidate, now)));
  return lines.filter((line) => line !== '').join('\n\n');
}

function scoreTable(candidate: Candidate, summary: RunSummary): string {
  if (candidate.search === null && !summary.unsealed) return '';
  const sealed = summary.unsealed ? '–' : l10n.t('sealed until the run has ended');
  const cell = (score: Score | null | undefined) => (score ? escapeMarkdown(formatScoreWithError(score)) : null);
  const rows = [
    [l10n.t('search'), cell(candidate.search) ?? '–'],
    [l10n.t('validation'), cell(candidate.validation) ?? sealed],
    [l10n.t('test'), cell(candidate.test) ?? sealed],
    ...(candidate.repeats ?? []).map(({ seed, search, failure }) => [
      l10n.t('search, seed {0}', seed),
      cell(search) ?? (failure === null ? '–' : failureWords(failure.kind)),
    ]),
  ];
  const head = `| ${escapeMarkdown(summary.metric.name)} | |\n| --- | --- |`;
  return [head, ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n');
}

function remarks(candidate: Candidate, { selected, bestSearch }: RunSummary): string[] {
  const { id, failure, nearDuplicate } = candidate;
  const all: string[] = [];
  if (failure !== null) all.push(quoted(failure.message));
  if (selected === id) all.push(l10n.t('Selected by its validation score.'));
  if (bestSearch?.candidate === id)
    all.push(
      bestSearch.lead === null
        ? l10n.t('Best on the search split.')
        : `${l10n.t('Best on the search split:')} ${escapeMarkdown(describeLead(bestSearch.lead))}`,
    );
  if (candidate.suspiciouslyPerfect)
    all.push(l10n.t('⚠ Its score is the best that there can be. Look for a leak before believing it.'));
  if (nearDuplicate !== undefined)
    all.push(
      l10n.t('Nearly the same program as #{0} ({1} %).', nearDuplicate.of, Math.round(100 * nearDuplicate.similarity)),
    );
  if (candidate.autosubmitted === true)
    all.push(l10n.t('Its agent did not submit: the last program that had run to its end was submitted for it.'));
  if (candidate.excluded === true) all.push(l10n.t('Excluded by you: never a parent, never selected.'));
  if (candidate.pinned === true) all.push(l10n.t('Pinned by you.'));
  return all;
}

function workWords(candidate: Candidate, now: number): string {
  const { createdAt, endedAt, steps, spent, seed, author } = candidate;
  const parts = [
    candidate.origin === 'person' ? l10n.t('asked for by you') : l10n.t('sampled'),
    l10n.t('by {0}', author),
    l10n.t('began {0}', moment(createdAt)),
    duration((endedAt ?? now) - createdAt),
  ];
  if (steps > 0) parts.push(stepsWord(steps));
  if (spent !== undefined) parts.push(formatCost(spent), l10n.t('{0} tokens', formatTokens(tokensOf(spent))));
  const slot = candidate.slot ?? candidate.ranOn;
  if (slot !== undefined && slot !== null) parts.push(l10n.t('slot {0}', slot));
  parts.push(l10n.t('seed {0}', seed));
  return parts.join(' · ');
}

export function runTooltip(summary: RunSummary, machine: string): string {
  const { config, counts, bestSearch } = summary;
  const bounds = boundWords(summary);
  const lines = [
    `**${escapeMarkdown(config.task)}** v${config.taskVersion} · ${standingWords(summary)}`,
    escapeMarkdown(`${modelWords(config.model)} · ${summary.metric.name} (${summary.metric.direction}) · ${machine}`),
    escapeMarkdown(
      l10n.t(
        '{0} scored, {1} failed, {2} at work, {3} abandoned',
        counts.scored,
        counts.failed,
        counts.running,
        counts.abandoned,
      ),
    ),
  ];
  if (bestSearch !== null)
    lines.push(
      escapeMarkdown(
        l10n.t('Best on the search split: {0} by #{1}', formatScoreWithError(bestSearch.score), bestSearch.candidate),
      ),
    );
  if (summary.stagnation.sinceClearBest > 0)
    lines.push(l10n.t('{0} since the last clear improvement', candidatesWord(summary.stagnation.sinceClearBest)));
  lines.push(
    summary.unsealed
      ? l10n.t('Hidden scores are open.')
      : l10n.t('Validation and test scores are sealed until the run has ended.'),
  );
  const cost = summary.spent.calls === 0 ? [] : [formatCost(summary.spent)];
  lines.push(escapeMarkdown([l10n.t('Active for {0}', duration(summary.activeMs)), ...cost].join(' · ')));
  if (bounds !== '') lines.push(escapeMarkdown(bounds));
  if (summary.outage !== null) lines.push(`${l10n.t('Waiting for the model:')} ${quoted(summary.outage)}`);
  if (summary.interruption !== undefined) lines.push(`${l10n.t('Interrupted:')} ${quoted(summary.interruption)}`);
  if (summary.endReason !== null) lines.push(quoted(summary.endReason));
  for (const caveat of summary.caveats) lines.push(`⚠ ${quoted(caveat)}`);
  lines.push(`${escapeMarkdown(summary.id)} · ${escapeMarkdown(moment(summary.createdAt))}`);
  return lines.join('\n\n');
}

/** What bounds the run, in words; empty where nothing does. */
export function boundWords({ config }: Pick<RunSummary, 'config'>): string {
  const { candidates, hours, budget = {} } = config;
  const bounds = [
    ...(candidates === null ? [] : [candidatesWord(candidates)]),
    ...(hours === null ? [] : [duration(hours * 3_600_000)]),
    ...(budget.costUsd === undefined ? [] : [`$${budget.costUsd}`]),
    ...(budget.tokens === undefined ? [] : [l10n.t('{0} tokens', formatTokens(budget.tokens))]),
    ...(budget.gpuHours === undefined ? [] : [gpuHoursWord(budget.gpuHours)]),
  ];
  return bounds.length === 0 ? '' : l10n.t('Ends at {0}', bounds.join(', '));
}
