/** Those who wait for a worker that can be asked. */
export class Readiness<Line> {
  readonly #waiters = new Set<{ resolve: (line: Line) => void; reject: (error: unknown) => void }>();

  /** Resolves with the next line that is announced. Rejects with the signal's reason, or when all hope is over. */
  next(signal: AbortSignal | undefined): Promise<Line> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter = {
        resolve: (line: Line) => {
          settle();
          resolve(line);
        },
        reject: (error: unknown) => {
          settle();
          reject(error);
        },
      };
      const onAbort = () => waiter.reject(signal?.reason);
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) {
        onAbort();
      }
    });
  }

  announce(line: Line): void {
    for (const waiter of [...this.#waiters]) {
      waiter.resolve(line);
    }
  }

  over(error: Error): void {
    for (const waiter of [...this.#waiters]) {
      waiter.reject(error);
    }
  }
}
