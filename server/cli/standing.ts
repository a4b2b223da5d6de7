/** One line on where a run stands: how far, how fast, how long yet, how dear. Its clock is the run's activity. */
import { formatCost } from '../../protocol/cost.ts';
import { duration } from '../../protocol/duration.ts';
import { activeMsAt, type RunView } from '../../protocol/projection.ts';
import { timeLeft } from '../search/timeBudget.ts';

const hourMs = 3_600_000;

export function standing(view: RunView, now: number): string {
  const { config, counts, spent } = view.summary;
  const elapsedMs = activeMsAt(view, now);
  const finished = counts.scored + counts.failed;
  const msEach = finished === 0 ? null : elapsedMs / finished;
  const perHour = msEach === null || msEach === 0 ? null : hourMs / msEach;
  const leftMs = Math.min(
    timeLeft(view, now).remainingMs,
    config.candidates === null || msEach === null ? Number.POSITIVE_INFINITY : (config.candidates - finished) * msEach,
  );
  return [
    `${finished}${config.candidates === null ? '' : ` of ${config.candidates}`} candidates (${counts.failed} failed)`,
    ...(perHour === null ? [] : [`${perHour.toFixed(perHour < 10 ? 1 : 0)}/h`]),
    `${duration(elapsedMs)} so far`,
    ...(Number.isFinite(leftMs) ? [`about ${duration(Math.max(0, leftMs))} left`] : []),
    ...(spent.calls === 0 ? [] : [formatCost(spent)]),
  ].join(' · ');
}
