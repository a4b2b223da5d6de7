/**
 * Waits for all, also when one fails: nobody else would look after the others.
 * @throws what the first of those that failed has thrown, once none is under way
 */
export async function allSettled<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
