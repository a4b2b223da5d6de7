import { duration } from '../../protocol/duration.ts';

/** Milliseconds as people read them, also short ones: `350 ms`, `4.2 s`, `45 s`, `12 min 5 s`. */
export function shortDuration(ms: number): string {
  if (ms < 0.5) return '0 ms';
  if (ms < 995) return `${Math.round(ms)} ms`;
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : duration(ms);
}
