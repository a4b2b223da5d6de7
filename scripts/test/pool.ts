/** Runs jobs a few at a time and hands on each result as it comes. */

/**
 * @param width how many jobs run at once
 * @param job never rejects, or the whole pool does
 */
export async function* inParallel<T, R>(
  items: readonly T[],
  width: number,
  job: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting = [...items];
  const running = new Map<number, Promise<{ key: number; result: R }>>();
  let next = 0;
  for (;;) {
    while (running.size < width) {
      const item = waiting.shift();
      if (item === undefined) break;
      const key = next++;
      running.set(
        key,
        job(item).then((result) => ({ key, result })),
      );
    }
    if (running.size === 0) return;
    const { key, result } = await Promise.race(running.values());
    running.delete(key);
    yield result;
  }
}
