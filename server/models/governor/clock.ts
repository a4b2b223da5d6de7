/** Time, passed in: tests and simulations bring their own. */

export interface Clock {
  /** Milliseconds, from any origin, never backwards. */
  now(): number;
  /** Runs `work` once, `ms` from now. @returns how to call it off */
  after(ms: number, work: () => void): () => void;
}

/** Node takes no longer timers. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, Math.min(Math.max(0, ms), longestTimerMs));
    return () => clearTimeout(timer);
  },
};
