/**
 * One holder at a time of a slot's device. With several agents on a slot, the device works for one while the others
 * wait for their models. Evaluations go before tool calls; among equals, first come, first served.
 */
import type { DevicePriority } from './contract.ts';

interface Waiter {
  priority: DevicePriority;
  grant: () => void;
}

export class DeviceLease {
  readonly #waiting: Waiter[] = [];
  #held = false;

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `work` as the holder. Rejects with the signal's reason if that aborts before its turn has come. */
  async hold<T>(work: () => Promise<T>, priority: DevicePriority, signal?: AbortSignal): Promise<T> {
    await this.#acquire(priority, signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #acquire(priority: DevicePriority, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        priority,
        grant: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #release(): void {
    const first = this.#waiting.findIndex(({ priority }) => priority === 'evaluation');
    const [next] = this.#waiting.splice(Math.max(0, first), 1);
    if (next === undefined) {
      this.#held = false;
    } else {
      next.grant();
    }
  }
}
