/** The status-bar item: which machine, what runs there, how well, for how much. */
import { formatCost } from '../../../protocol/amounts.ts';
import type { RunSummary } from '../../../protocol/run.ts';
import { formatScore } from '../../../protocol/score.ts';
import { l10n } from '../localisation.ts';
import { escapeMarkdown, shorten } from '../markdown.ts';
import { isLive, standingWords } from '../runs/runRow.ts';
import type { Link } from './connection.ts';

export interface StatusText {
  text: string;
  /** Markdown. */
  tooltip: string;
  severity: 'ok' | 'warning' | 'error';
}

/**
 * @param isLocal false: the machine was chosen, and is named whether or not a server runs there
 * @returns null: there is nothing to say, and no room is taken
 */
export function statusText(
  link: Link,
  machine: string,
  isLocal: boolean,
  runs: Iterable<RunSummary>,
): StatusText | null {
  const where = escapeMarkdown(machine);
  switch (link.kind) {
    case 'none':
      return null;
    case 'absent':
      if (isLocal) return null;
      return {
        text: `$(circle-slash) AIRA2 · ${l10n.t('no server')} · ${machine}`,
        tooltip: l10n.t('No agent server is running on {0}.', where),
        severity: 'ok',
      };
    case 'connecting':
      return {
        text: `$(sync~spin) AIRA2 · ${machine}`,
        tooltip: l10n.t('Connecting with {0} …', where),
        severity: 'ok',
      };
    case 'failed':
      return {
        text: `$(error) AIRA2 · ${l10n.t('not reached')} · ${machine}`,
        tooltip: `${l10n.t('No connection with the agent server on {0}.', where)}\n\n${escapeMarkdown(shorten(link.error.message, 600))}`,
        severity: 'error',
      };
    case 'lost':
      return {
        text: `$(debug-disconnect) AIRA2 · ${l10n.t('link lost')} · ${machine}`,
        tooltip: `${l10n.t('The link to {0} is lost and is being dialled again. Runs go on.', where)}\n\n${escapeMarkdown(link.reason)}`,
        severity: 'warning',
      };
    case 'connected':
      return connectedText(where, machine, link.server.draining, [...runs]);
  }
}

function connectedText(where: string, machine: string, draining: boolean, runs: RunSummary[]): StatusText {
  const live = runs.filter(({ state }) => isLive(state)).sort((a, b) => b.createdAt - a.createdAt);
  const [first] = live;
  const lines = [l10n.t('Agent server on {0}', where), ...live.map((run) => escapeMarkdown(runWords(run)))];
  if (draining) lines.push(l10n.t('It takes no new run, and ends when the last one has ended.'));
  if (first === undefined) {
    lines.push(l10n.t('No run is live.'));
    return { text: `$(circle-outline) AIRA2 · ${machine}`, tooltip: lines.join('\n\n'), severity: 'ok' };
  }
  const waits = live.some(({ outage }) => outage !== null);
  const icon = waits ? '$(warning)' : first.state === 'paused' ? '$(debug-pause)' : '$(sync~spin)';
  const more = live.length > 1 ? ` +${live.length - 1}` : '';
  return {
    text: `${icon} ${runWords(first)}${more} · ${machine}`,
    tooltip: lines.join('\n\n'),
    severity: waits ? 'warning' : 'ok',
  };
}

/** `diamonds 0.0887 ★#7 · $0.42`; what stands still says so. */
function runWords(run: RunSummary): string {
  const { config, bestSearch, spent, state, outage } = run;
  const parts = [
    bestSearch === null
      ? config.task
      : `${config.task} ${formatScore(bestSearch.score.value)} ★#${bestSearch.candidate}`,
    ...(state === 'running' && outage === null ? [] : [standingWords(run)]),
    ...(spent.calls === 0 ? [] : [formatCost(spent)]),
  ];
  return parts.join(' · ');
}

/** What needs the person: runs that were cut off, that wait for a model, and scores that are too good. */
export function needsPerson(runs: Iterable<RunSummary>): { count: number; tooltip: string } {
  const needs: string[] = [];
  for (const { state, outage, config, interruption } of runs) {
    if (state === 'interrupted')
      needs.push(
        interruption === undefined
          ? l10n.t('{0} is interrupted: resume it', config.task)
          : l10n.t('{0} is interrupted: {1}', config.task, shorten(interruption, 100)),
      );
    if (outage !== null && isLive(state))
      needs.push(l10n.t('{0} waits for its model: {1}', config.task, shorten(outage, 100)));
  }
  return { count: needs.length, tooltip: needs.join('\n') };
}
