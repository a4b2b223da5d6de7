/** A client as somebody who waits for an operation. */
import type { CallContext } from './methods.ts';
import type { Participant } from './operations.ts';

/** Of what a slow reader misses, the outcome tells. */
const maxUnreadBytes = 1024 * 1024;
const maxMessage = 2000;

export function participant(operation: string, { session, signal, hasGivenUp }: CallContext): Participant {
  return {
    say: (message) =>
      void session.notify('progress', { operation, message: message.slice(0, maxMessage) }, maxUnreadBytes),
    signal,
    hasGivenUp,
  };
}
