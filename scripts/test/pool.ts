/** Runs jobs a few at a time and hands on each result as it comes. */

/**
 * @param items no two alike
 * @param width how many jobs run at once
 * @param job never rejects, or the whole pool does
 * @param mayStart whether an item may run beside these; where none may, the pool waits for one that runs. An item may always run alone.
 */
export async function* inParallel<T, R>(
  items: readonly T[],
  width: number,
  job: (item: T) => Promise<R>,
  mayStart: (item: T, beside: readonly T[]) => boolean = () => true,
): AsyncGenerator<R> {
  const waiting = [...items];
  const running = new Map<T, Promise<{ item: T; result: R }>>();
  for (;;) {
    while (running.size < width) {
      const beside = [...running.keys()];
      const next = running.size === 0 ? 0 : waiting.findIndex((item) => mayStart(item, beside));
      const [item] = next === -1 ? [] : waiting.splice(next, 1);
      if (item === undefined) break;
      running.set(
        item,
        job(item).then((result) => ({ item, result })),
      );
    }
    if (running.size === 0) return;
    const { item, result } = await Promise.race(running.values());
    running.delete(item);
    yield result;
  }
}
