/** How large the next request will be: the provider's last count, carried over to what has changed since. Pure. */
import type { TrajectoryEvent } from '../../protocol/trajectory.ts';
import { tokensOfMessages, tokensOfText } from './tokens.ts';
import { messagesOf } from './transcript.ts';

/** Beyond these a provider's count says more about its bookkeeping than about the text. */
const lowestScale = 0.5;
const highestScale = 2;

/** Tokens of the request that these events lead to, tools left out. */
export function requestTokens(events: readonly TrajectoryEvent[]): number {
  return Math.ceil(ownCount(events) * providerScale(events));
}

/**
 * The provider's tokens for each of ours: the request of its last answer, counted both ways. 1 before its first answer, or
 * where it counts nothing.
 */
export function providerScale(events: readonly TrajectoryEvent[]): number {
  const last = events.findLastIndex((event) => event.type === 'model' && event.usage.input > 0);
  const event = events[last];
  if (event?.type !== 'model') return 1;
  return Math.min(highestScale, Math.max(lowestScale, event.usage.input / ownCount(events.slice(0, last))));
}

function ownCount(events: readonly TrajectoryEvent[]): number {
  const [first] = events;
  const system = first?.type === 'started' ? tokensOfText(first.systemPrompt) : 0;
  return Math.max(1, system + tokensOfMessages(messagesOf(events)));
}
