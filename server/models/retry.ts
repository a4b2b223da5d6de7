/** Patience with a provider: exponential back-off with jitter, in which the provider's own word on when to come back wins. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ChatModelError } from './chatModel.ts';

export interface Backoff {
  firstMs: number;
  longestMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 1000, longestMs: 60_000 };

/**
 * How long to wait before the next attempt, in milliseconds.
 * @param attempt 0 after the first failure
 * @param random in [0, 1); spreads the agents that failed together
 */
export function delayBeforeRetryMs(
  error: ChatModelError,
  attempt: number,
  random: number = Math.random(),
  { firstMs, longestMs }: Backoff = defaultBackoff,
): number {
  const backoff = Math.min(longestMs, firstMs * 2 ** attempt) * (0.5 + random / 2);
  // Never before the provider's time; a little after it, so that not everybody comes back in the same instant.
  return error.retryAfterMs === null ? backoff : error.retryAfterMs + backoff * 0.25;
}

export interface RetryOptions {
  signal: AbortSignal;
  /** Milliseconds from now after which a failure is final. A wait that would end later is not begun. */
  deadlineMs: number;
  backoff?: Backoff;
  onRetry?: (error: ChatModelError, attempt: number, waitMs: number) => void;
}

/**
 * Repeats an attempt while it fails with something transient.
 * @throws {ChatModelError} the last failure; kind `aborted` if the signal fired during a wait
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, deadlineMs, backoff = defaultBackoff } = options;
  const endsAt = performance.now() + deadlineMs;
  for (let count = 0; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!ChatModelError.is(error) || !error.isTransient) throw error;
      const waitMs = delayBeforeRetryMs(error, count, Math.random(), backoff);
      if (performance.now() + waitMs > endsAt) throw error;
      options.onRetry?.(error, count, waitMs);
      await sleep(waitMs, undefined, { signal }).catch((cause: unknown) => {
        throw new ChatModelError('aborted', 'The call was cancelled while it waited for the provider.', { cause });
      });
    }
  }
}
