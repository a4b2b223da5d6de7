/** Waiting for something that a locator cannot express. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from 'playwright-core';

/** How long anything may take that a person would call immediate, on a machine that does other things too, milliseconds. */
export const patienceMs = 60_000;

/** How long one try may wait for what the try before it may have missed, milliseconds. */
const lookMs = 5_000;
/** How long the click that ends a try may take, milliseconds: one that was made and is given up is made again. */
const clickMs = 20_000;

/** What was awaited did not come. */
export class NeverHappenedError extends Error {
  override readonly name = 'NeverHappenedError';

  constructor(what: string, afterMs: number, last: unknown) {
    super(`${what}: not within ${afterMs / 1000} s. Last seen: ${JSON.stringify(last)?.slice(0, 2000)}`);
  }
}

/**
 * Asks again and again until `holds` is true of the answer.
 * @param what names it, for the failure: "the run has finished"
 * @returns the answer it is true of
 * @throws {NeverHappenedError} with the last answer
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  holds: (answer: T) => boolean,
  { timeoutMs = patienceMs, intervalMs = 100 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > deadline) throw new NeverHappenedError(what, timeoutMs, answer);
    await sleep(intervalMs);
  }
}

/**
 * Tries again and again what something else may undo half way: rows that move under the mouse, a menu that closes.
 * @param what names it, for the failure
 * @param attempt waits for no part longer than `lookMs`, and for the click that is not to be made twice `clickMs`
 * @throws {NeverHappenedError} with the reason of the last try
 */
export async function untilDone(
  what: string,
  attempt: (lookMs: number, clickMs: number) => Promise<void>,
): Promise<void> {
  await until(
    what,
    () =>
      attempt(lookMs, clickMs).then(
        () => null,
        ifTimedOut(({ message }) => message),
      ),
    (reason) => reason === null,
    { timeoutMs: 2 * patienceMs },
  );
}

/** To catch with: what has not come in time is answered with this; any other failure stays one. */
export function ifTimedOut<T>(answer: (error: Error) => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof errors.TimeoutError) return answer(error);
    throw error;
  };
}
