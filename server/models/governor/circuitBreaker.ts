/**
 * Tells a provider's outage from single failures: after several failures in a row, whoever made them, nobody calls any more
 * but one probe at a time, at growing intervals, until one succeeds.
 */

export interface BreakerSettings {
  /** Failures in a row that open it. */
  threshold: number;
  /** Milliseconds before the first probe; each failed probe doubles it. */
  firstWaitMs: number;
  longestWaitMs: number;
}

export const defaultBreaker: BreakerSettings = { threshold: 5, firstWaitMs: 2000, longestWaitMs: 300_000 };

export type BreakerState = 'closed' | 'open' | 'probing';

export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #state: BreakerState = 'closed';
  #failures = 0;
  #waitMs: number;
  #probeAt = 0;
  #openedAt = 0;

  constructor(settings: Partial<BreakerSettings> = {}) {
    this.#settings = { ...defaultBreaker, ...settings };
    this.#waitMs = this.#settings.firstWaitMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until somebody may call: 0 when closed or a probe is due, infinite while a probe is under way. */
  waitMs(now: number): number {
    if (this.#state === 'closed') return 0;
    return this.#state === 'probing' ? Number.POSITIVE_INFINITY : Math.max(0, this.#probeAt - now);
  }

  /** Tells that a call is sent. @returns whether it is the probe */
  sent(): boolean {
    if (this.#state !== 'open') return false;
    this.#state = 'probing';
    return true;
  }

  /** An answer, or a refusal that only a working provider can give. */
  succeeded(): void {
    this.#state = 'closed';
    this.#failures = 0;
    this.#waitMs = this.#settings.firstWaitMs;
  }

  /**
   * @param retryAfterMs the provider's own word, which the probe does not come before
   * @param startedAt when the call was sent: one from before the outage says nothing new about it
   */
  failed(
    now: number,
    { isProbe, startedAt, retryAfterMs }: { isProbe: boolean; startedAt: number; retryAfterMs: number | null },
  ): void {
    const { threshold, longestWaitMs } = this.#settings;
    if (this.#state === 'closed') {
      this.#failures += 1;
      if (this.#failures >= threshold) this.#open(now, retryAfterMs);
      return;
    }
    if (retryAfterMs !== null) this.#probeAt = Math.max(this.#probeAt, now + retryAfterMs);
    if (!isProbe || startedAt < this.#openedAt) return;
    this.#waitMs = Math.min(longestWaitMs, this.#waitMs * 2);
    this.#open(now, retryAfterMs);
  }

  /** There is reason to believe that it would succeed now: a probe may go at once. */
  mayBeBack(now: number): void {
    if (this.#state === 'open') this.#probeAt = now;
  }

  /** The probe was called off by its own agent: another may go at once. */
  probeCancelled(now: number): void {
    if (this.#state !== 'probing') return;
    this.#state = 'open';
    this.#probeAt = now;
  }

  #open(now: number, retryAfterMs: number | null): void {
    this.#state = 'open';
    this.#openedAt = now;
    this.#probeAt = now + Math.max(this.#waitMs, retryAfterMs ?? 0);
  }
}
