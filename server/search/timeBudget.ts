/** How much time a run has left, by its hours and by its GPU-hours. Pure. */
import type { RunView } from '../../protocol/projection.ts';

const hourMs = 3_600_000;
/** At most this share of a budget is left unused rather than begun a candidate in that would be cut off. */
const unusedShare = 0.2;
/** Newest candidates by which the duration of the next one is judged. */
const remembered = 64;

export interface TimeLeft {
  /** Milliseconds of activity; infinite without a budget of time. */
  remainingMs: number;
  /** Why no new candidate should be started, or null. */
  end: string | null;
}

type Timed = Pick<RunView, 'summary' | 'activeSince' | 'candidates'>;

export function timeLeft(view: Timed, now: number): TimeLeft {
  const { config, activeMs, gpuMs, gpus } = view.summary;
  const current = view.activeSince === null ? 0 : Math.max(0, now - view.activeSince);
  const bounds: { name: string; wholeMs: number; remainingMs: number }[] = [];
  if (config.hours !== null)
    bounds.push({
      name: `the time budget of ${config.hours} h`,
      wholeMs: config.hours * hourMs,
      remainingMs: config.hours * hourMs - activeMs - current,
    });
  const gpuHours = config.budget?.gpuHours;
  // A run that holds no GPU uses none up, but what is used up stays so.
  if (gpuHours !== undefined && (gpus > 0 || gpuMs >= gpuHours * hourMs)) {
    const held = Math.max(1, gpus);
    bounds.push({
      name: `the budget of ${gpuHours} GPU-hours`,
      wholeMs: (gpuHours * hourMs) / held,
      remainingMs: (gpuHours * hourMs - gpuMs) / held - current,
    });
  }
  const [first] = bounds.sort((a, b) => a.remainingMs - b.remainingMs);
  if (first === undefined) return { remainingMs: Number.POSITIVE_INFINITY, end: null };
  const { name, wholeMs, remainingMs } = first;
  if (remainingMs <= 0) return { remainingMs, end: `${name} is used up` };
  const hasRoom = remainingMs > unusedShare * wholeMs || remainingMs > usualDurationMs(view);
  return { remainingMs, end: hasRoom ? null : `${name} has no room for another candidate` };
}

/** Median duration of the newest candidates that came to an end; 0 before the first. */
function usualDurationMs({ candidates }: Timed): number {
  const durations: number[] = [];
  // Numbers are dense: from the newest down, so that a long run costs no more than a short one.
  for (let id = candidates.size; id > 0 && durations.length < remembered; id -= 1) {
    const { state, createdAt = 0, endedAt = null } = candidates.get(id) ?? {};
    if ((state === 'scored' || state === 'failed') && endedAt !== null) durations.push(endedAt - createdAt);
  }
  durations.sort((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? 0;
}
